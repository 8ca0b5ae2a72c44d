"""The daemon is asked to end: nothing new is taken from that moment on, everything else comes to its end."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import Daemon, started
from ..scheduler.pages import page, png
from ..sounds import tone, wav
from ..task_client import Client
from .outcome import Outcome
from .seen import get, nobody_there, until

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

OFFER = {"data": "v=0\r\n", "headers": {"Content-Type": "application/sdp"}}


@pytest.fixture
async def ending(tmp_path: Path) -> AsyncIterator[Daemon]:
    """A daemon of the test's own; on a busy machine its tasks may take longer than usual."""
    ZooStore(load_config().cache_dir).pull(["live", "registry"])
    with (tmp_path / "log").open("wb") as log, started(tmp_path, log, SHUTDOWN_S="500") as daemon:
        yield daemon


async def refused(http: aiohttp.ClientSession) -> list[tuple[str, int, str, bool]]:
    """What each kind of new work is answered: kind, status, code, and whether it says when to come again."""
    text = {"session_id": "late", "text": "hello"}
    picture = {"session_id": "late", "image_b64": "AAAA"}
    requests: dict[str, Awaitable[Any]] = {
        "text": http.post("/analysis/moderate", json=text),
        "picture": http.post("/face/embed", json=picture),
        "page": http.post("/doc/ocr", json=picture),
        "media": http.post("/whip/late", **OFFER),  # type: ignore[arg-type]
        "session": http.put("/sessions/late", json={}),
    }
    answers = []
    for kind, request in requests.items():
        response = await request
        code = (await response.json())["error_code"]
        answers.append((kind, response.status, code, "Retry-After" in response.headers))
    async with http.ws_connect("/ml/stream/late/face") as socket:
        answers.append(("stream", 503, (await socket.receive_json())["error_code"], True))
        await socket.receive()
        assert socket.close_code == 4503
    return answers


@pytest.mark.fault(19, "SIGTERM")
async def test_new_work_is_refused_and_all_other_comes_to_its_end(
    ending: Daemon, outcome: Outcome, tmp_path: Path
) -> None:
    client, loop = Client(ending), asyncio.get_running_loop()
    document = png(page(["one line", "and another"]))
    tasks: dict[str, Callable[[], Any]] = {
        "page": lambda: client.ask("/doc/ocr", image_b64=document),
        "voices": lambda: client.ask("/audio/diarize", audio_b64=wav(tone(16_000, 20.0), 16_000)),
    }
    with ThreadPoolExecutor(len(tasks)) as callers:
        async with nobody_there(ending) as seen, aiohttp.ClientSession(ending.url) as http:
            bulk = ending.child("scheduler-bulk")
            bulk.suspend()  # so that both are at work when it hears of the end
            asked = [loop.run_in_executor(callers, ask) for ask in tasks.values()]
            await until(ending, "/health", lambda body: body["workers"][2]["tasks"] == len(tasks))
            at = time.monotonic()
            ending.process.send_signal(signal.SIGTERM)
            while (readiness := await asyncio.to_thread(get, ending, "/ready"))[0] == 200:
                pass
            assert readiness[1]["reasons"][0] == "the daemon is about to stop"
            kinds = ("text", "picture", "page", "media", "session", "stream")
            assert await refused(http) == [(kind, 503, "draining", True) for kind in kinds]
            bulk.resume()
            answers = [await each for each in asked]
            codes = [(each.status, each.answer.get("error_code")) for each in answers]
            assert codes == [(200, None), (422, "no_speech")], "a tone is nobody's voice"
            closed = await seen.next("closed")
            assert closed.data["reason"] == "shutdown"
            assert seen.edges == [("face_absent", "start", None), ("face_absent", "end", None)]
    assert await asyncio.to_thread(ending.process.wait, 520) == 0
    outcome.recovered(time.monotonic() - at)
    outcome.lost(seen.lost)
    assert seen.lost == 0
    assert "killed" not in (tmp_path / "log").read_text()
