"""What the documents say to clients works: programs and pages ask, follow and publish."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.api.config import Token
from argusd.api.ops.dashboard import FILES

from .api.fake_task_scheduler import FakeTaskScheduler
from .api.fixtures import OFFER, SDP, RunningApi, make_config, running_ingest
from .api.streams.clients import jpeg
from .documents import blocks
from .peers import chromium
from .peers.installed import require_program
from .sounds import encoded, riff, tone, wav_format

DOCUMENT = (Path(__file__).parents[1] / "docs" / "clients.md").read_text()
PROGRAMS = dict(re.findall(r"^## (.+?)$.*?^```\w+\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL))
COMMANDS = {
    "A token": ("bash", "program"),
    "curl": ("bash", "program"),
    "Python": (sys.executable, "program"),
    "Node": ("node", "program.mjs"),
    "Go": ("go", "run", "program.go"),
}
PAGES = {
    "docs/clients.md": PROGRAMS["A page"],
    "docs/javascript.md": "\n".join(
        (
            '<script type="module">',
            'const { url, token } = await (await fetch("access.json")).json();',
            *(block.text for block in blocks("js") if block.document == "docs/javascript.md"),
            "</script>",
        )
    )
    .replace('"http://127.0.0.1:8015"', "url")
    .replace("{ url: url, token }", "{ url, token }"),
}
SERVICE = {"Authorization": "Bearer service"}
LONGEST_LINE = 1 << 20
WITHIN_S = 60  # a compiler's first run on a busy machine


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[RunningApi]:
    """An api with real ingest, and schedulers that answer every task."""
    schedulers = [FakeTaskScheduler(tmp_path, f"scheduler-{name}") for name in ("0", "bulk")]
    config = make_config(tmp_path, tokens=(Token("service"),), overcommit=True)
    try:
        async with running_ingest(tmp_path), RunningApi(config) as api:
            await api.until_ready()
            yield api
    finally:
        for scheduler in schedulers:
            scheduler.die()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the programs run, with the picture and the film that they speak of."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "face.jpg").write_bytes(jpeg())
    (folder / "interview.webm").write_bytes(encoded("webm", "libopus", 48_000, tone(48_000, 1.0)))
    return folder


@asynccontextmanager
async def running(name: str, folder: Path, **environment: str) -> AsyncIterator[asyncio.StreamReader]:
    """What the program of this section prints, while it runs."""
    command = COMMANDS[name]
    require_program(command[0])
    (folder / command[-1]).write_text(PROGRAMS[name])
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=os.environ | environment,
        stdout=PIPE,
        stderr=STDOUT,
        limit=LONGEST_LINE,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            yield process.stdout
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # a shell's and a compiler's children, too
        await process.communicate()


async def token_for(api: RunningApi, folder: Path) -> str:
    """A session token, as the document asks for it."""
    async with running("A token", folder, ARGUSD_URL=api.url, ARGUSD_TOKEN="service") as said:
        return str(json.loads(await said.read())["token"])


async def until_said(readline: Callable[[], Awaitable[bytes]], *words: str) -> None:
    """Return once each has been said, in this order."""
    heard = b""
    for word in words:
        while word.encode() not in (line := await readline()):
            heard += line
            assert line, f"it ended without {word}: {heard.decode()}"


def test_the_document_has_a_program_for_each_client() -> None:
    assert [*PROGRAMS] == [*COMMANDS, "A page"]


@pytest.mark.parametrize("name", ["curl", "Node", "Go"])
async def test_a_task_is_asked_for_and_events_are_followed(
    daemon: RunningApi, folder: Path, name: str
) -> None:
    if name == "Node":
        async with daemon.http.get("/ui/argusd.js") as response:
            (folder / "argusd.mjs").write_bytes(await response.read())
    await daemon.json("PUT", "/sessions/interview-7", json={}, headers=SERVICE)
    token = await token_for(daemon, folder)
    async with running(name, folder, ARGUSD_URL=daemon.url, SESSION_TOKEN=token) as said:
        await until_said(said.readline, "face_embed")
        async with daemon.http.post("/whip/interview-7", data=OFFER, headers=SDP | SERVICE) as response:
            assert response.status == 201
        await until_said(said.readline, "connecting")


async def test_python_publishes_too(daemon: RunningApi, folder: Path) -> None:
    token = await token_for(daemon, folder)
    async with running("Python", folder, ARGUSD_URL=daemon.url, SESSION_TOKEN=token) as said:
        await until_said(said.readline, "face_embed", "connecting", "live")


@pytest.mark.browser
@pytest.mark.parametrize("document", PAGES)
async def test_a_page_publishes_its_camera(daemon: RunningApi, folder: Path, document: str) -> None:
    require_program("chromium")
    site = folder / "site"
    site.mkdir()
    (site / "page.html").write_text(PAGES[document])
    for file in FILES.glob("argusd*"):
        shutil.copy(file, site)
    access = {"url": daemon.url, "token": await token_for(daemon, folder)}
    (site / "access.json").write_text(json.dumps(access))
    app = web.Application()
    app.router.add_static("/", site)
    (folder / "camera.mjpeg").write_bytes(10 * jpeg())
    sound = riff((b"fmt ", wav_format(), None), (b"data", tone(16_000, 1.0).tobytes(), None))
    (folder / "microphone.wav").write_bytes(sound)
    devices = folder / "camera.mjpeg", folder / "microphone.wav"
    with chromium.running(folder / "profile", *devices) as browser:
        async with (
            TestServer(app) as service,
            browser.tab(str(service.make_url("/page.html"))),
            daemon.http.get("/events?after=0", headers=SERVICE) as events,
        ):
            await until_said(events.content.readline, '"name":"live"')
