"""The disk of the embedded Redis is full: that is told, nothing is lost, and room is enough to go on."""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from ..api.fixtures import running_rig
from ..waiting import answered
from .outcome import Outcome

FULL = "the disk of the embedded Redis is full; events wait in memory"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


@pytest.mark.fault(20, "disk full")
async def test_a_full_disk_is_told_and_findings_wait(disk: Path, tmp_path: Path, outcome: Outcome) -> None:
    async with running_rig(tmp_path, state_dir=disk) as rig:
        await rig.api.publish("s1")
        filler = fill(disk)
        for _ in range(200):
            rig.scheduler.find("s1")
        readiness = await rig.api.until("/ready", lambda body: FULL in body["reasons"])
        assert not readiness["ready"]
        await rig.api.until("/ready", lambda body: not body["redis"])
        status, body = await rig.api.json("PUT", "/sessions/s2", json={})
        assert (status, body["error_code"]) == (503, "store_unavailable")
        filler.unlink()
        began = time.monotonic()
        await rig.api.until_ready()
        await rig.scheduler.until(lambda: rig.scheduler.acked == 200)
        outcome.recovered(time.monotonic() - began)
        outcome.lost(0)
        async with rig.api.events("/sessions/s1/events", "s1:1") as events:
            assert [event["data"]["number"] for _, _, event in await events.take(200)] == list(range(1, 201))
        assert (await rig.api.json("PUT", "/sessions/s2", json={}))[0] == 201


@pytest.mark.fault(20, "disk full at the start")
async def test_a_daemon_that_starts_on_a_full_disk_waits_for_room(
    disk: Path, tmp_path: Path, outcome: Outcome
) -> None:
    async with running_rig(tmp_path, state_dir=disk) as rig:
        assert (await rig.api.json("PUT", "/sessions/s1", json={}))[0] == 201
        await rig.api.close()
        filler = fill(disk)
        await rig.api.open()
        readiness = await rig.api.until("/ready", lambda body: bool(body["reasons"]))
        assert FULL in readiness["reasons"]
        filler.unlink()
        began = time.monotonic()
        await rig.api.until_ready()
        outcome.recovered(time.monotonic() - began)
        assert (await rig.api.json("GET", "/sessions/s1"))[0] == 200


@pytest.mark.fault(20, "disk full, and a power cut's damage to mend")
async def test_a_repair_for_which_there_is_no_room_waits_for_it(
    disk: Path, tmp_path: Path, outcome: Outcome
) -> None:
    async with running_rig(tmp_path, state_dir=disk) as rig:
        assert (await rig.api.json("PUT", "/sessions/s1", json={}))[0] == 201
        await rig.api.close()
        file = disk / "redis" / "appendonly.aof"
        file.write_bytes(file.read_bytes() + bytes(5000))
        filler = fill(disk)
        opened = asyncio.create_task(rig.api.open())
        assert await told(rig.api.url) == (503, [FULL.partition(";")[0]])
        filler.unlink()
        began = time.monotonic()
        await opened
        await rig.api.until_ready()
        outcome.recovered(time.monotonic() - began)
        assert (await rig.api.json("GET", "/sessions/s1"))[0] == 200


async def told(url: str) -> tuple[int, list[str]]:
    """What a daemon that starts says of itself."""
    async with aiohttp.ClientSession(url) as http:

        async def ask() -> tuple[int, list[str]]:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with http.get("/ready") as response:
                    return response.status, (await response.json())["reasons"]
            return 0, []

        return await answered(ask, lambda answer: answer[0] != 0)
