"""Every request that a document shows is taken: curl's are sent, others find their path."""

import asyncio
import re
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.api.http.route import Route
from argusd.api.routes.table import ROUTES

from .api.fake_task_scheduler import FakeTaskScheduler, done
from .api.fixtures import running_rig
from .api.streams.clients import jpeg
from .documents import blocks, commands, documents

OURS = re.compile(r"(?:http://)?(?:localhost|127\.0\.0\.1):8015")
CURL = [line for block in blocks("") for line in commands(block) if line.startswith("curl ")]
REQUEST = re.compile(
    r"(?:^|`)(GET|PUT|POST|PATCH|DELETE|WS) +(/[^\s`?]*)(?:\?[^\s`]*)?(?: +(\{[^`\n]*\}))?", re.MULTILINE
)
REQUESTS = sorted(
    {
        (name, method, path, body)
        for name, text in documents().items()
        for method, path, body in REQUEST.findall(text)
        if "…" not in path and path != "/argusd/events"  # a receiver's
    }
)
AWAY = {"type": "violation", "name": "gaze_away", "severity": "warning", "state": "start"}


def test_there_are_some() -> None:
    assert len(CURL) >= 6
    assert {"README.md", "docs/access.md", "docs/evidence.md"} <= {name for name, *_ in REQUESTS}


async def test_every_curl_is_answered(tmp_path: Path) -> None:
    """In the documents' order, with a picture of each name, and a violation that is there to be reviewed."""
    for name in ("me.jpg", "card.jpg"):
        (tmp_path / name).write_bytes(jpeg())
    bulk = FakeTaskScheduler(tmp_path, "scheduler-bulk")
    try:
        async with running_rig(tmp_path) as rig:
            rig.scheduler.answer = done
            await rig.api.publish("exam-7")
            rig.scheduler.find("exam-7", **AWAY)
            report = await rig.api.until("/sessions/exam-7/report", lambda body: bool(body["violations"]))
            reviewed = f"/reviews/{report['violations'][0]['seq']}"
            for line in CURL:
                command = OURS.sub(rig.api.url, line).replace("/reviews/12", reviewed)
                status, said = await curl(command, tmp_path)
                assert status == 0, f"{line}\n{said}"
    finally:
        bulk.die()


async def curl(command: str, folder: Path) -> tuple[int | None, str]:
    """Its exit status, which tells of an HTTP error as well, and what it printed."""
    failing = command.replace("curl ", "curl -sS --fail-with-body ", 1)
    process = await asyncio.create_subprocess_shell(failing, cwd=folder, stdout=PIPE, stderr=STDOUT)
    said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize(("document", "method", "path", "body"), REQUESTS)
def test_a_path_exists_and_takes_the_body(document: str, method: str, path: str, body: str) -> None:
    found = [route for route in ROUTES if answers(route, method, path)]
    assert found, document
    if body and "…" not in body:
        kind: Any = found[0].body
        msgspec.json.decode(body, type=kind)


def answers(route: Route, method: str, path: str) -> bool:
    """Whether a route is the one of a path in which names may stand for parts."""
    shape = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(route.path))
    filled = re.sub(r"\{(?:(\w+)\|)?[^}]*\}", lambda part: part[1] or "x", path)
    return route.method == ("GET" if method == "WS" else method) and re.fullmatch(shape, filled) is not None
