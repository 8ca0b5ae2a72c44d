"""From a violation to nothing left, through a running daemon, as a reviewer does it in Chromium."""

import asyncio
import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .api.ui.browsing import page, seen
from .live_daemon import Daemon, next_event, started
from .peers import chromium
from .peers.installed import require_package, require_program
from .peers.remote import Browser
from .waiting import answered

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("s")


@pytest.fixture(scope="module")
def daemon(state_dir: Path) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "sample"])
    with started(state_dir) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    require_program("chromium")
    require_package("axe-core")
    folder = tmp_path_factory.mktemp("browser")
    with chromium.running(folder / "profile", folder / "no camera", folder / "no microphone") as browser:
        yield browser


async def test_a_violation_is_seen_in_its_clip_acknowledged_exported_and_deleted(
    daemon: Daemon, browser: Browser, state_dir: Path, tmp_path: Path
) -> None:
    policy = {"evidence": {"snapshot": True, "clip": True}}
    async with aiohttp.ClientSession(daemon.url) as http:
        assert (await http.put("/sessions/exam", json={"policy": policy})).status == 201
        with daemon.publishing("sample", "exam") as publisher:
            event = await asyncio.to_thread(next_event, publisher, "multiple_faces")
            async with page(browser, f"{daemon.url}/review?session=exam") as tab:
                await tab.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
                await seen(tab, "document.querySelector('#evidence video')")
                await tab.run(
                    "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'p', bubbles: true}))"
                )
                await tab.run(
                    "new Promise(done => document.querySelector('#evidence video')"
                    ".addEventListener('timeupdate', ({target}) => target.currentTime > 0.2 && done()))"
                )
                await tab.run("document.querySelector('[data-state=acknowledged]').click()")
                await seen(tab, "document.getElementById('judged').innerText.includes('acknowledged')")
                for kind in ("csv", "json"):
                    await tab.run(f"document.getElementById('{kind}').click()")
                    await answered(partial(there, tmp_path / f"exam.{kind}"), bool)
                assert await tab.troubles() == []
                await tab.run("document.getElementById('delete').click()")
                await tab.run("document.querySelector('#sure .danger').click()")
                await seen(tab, "document.getElementById('state').innerText === 'gone'")
        (line, *_) = csv.DictReader((tmp_path / "exam.csv").read_text().splitlines())
        assert (line["violation"], line["review"]) == ("multiple_faces", "acknowledged")
        assert line["evidence_id"] == event["evidence_id"]
        exported = json.loads((tmp_path / "exam.json").read_text())
        assert exported["violations"][0]["review"]["state"] == "acknowledged"
        assert (await http.get("/sessions/exam/report")).status == 404
    assert not (state_dir / "evidence" / "exam").exists()


async def there(file: Path) -> bool:
    return await asyncio.to_thread(file.exists)
