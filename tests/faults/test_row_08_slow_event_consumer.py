"""A reader that does not take its events is cut off and may come back; nobody else notices."""

import asyncio
import socket
import time
from pathlib import Path

import psutil
import pytest

from ..api.api_process import ApiProcess
from ..api.fakes import FakeScheduler, FakeWorker
from ..api.fixtures import EventReader, make_config
from .outcome import Outcome

SLOW = 8
OTHERS = 8
EVENTS = 600
PADDING = "x" * 20_000  # so that no kernel's buffer takes them all
MOST_GROWTH = SLOW * (4 << 20)  # a page of such events, and what the loop holds beside it


@pytest.mark.fault(8, "slow event consumer")
async def test_slow_readers_are_cut_off_and_others_get_everything(tmp_path: Path, outcome: Outcome) -> None:
    worker, scheduler = FakeWorker(tmp_path / "ingest-0.sock"), FakeScheduler(tmp_path / "scheduler-0.sock")
    async with ApiProcess(make_config(tmp_path, slow_consumer_s=1.0)) as api:
        await api.publish("s1")
        process, grown = psutil.Process(api.pid), 0
        before = process.memory_info().rss
        slow = [lazy_reader(api.config.port) for _ in range(SLOW)]
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(read_all(api)) for _ in range(OTHERS)]
            for _ in range(EVENTS):
                await scheduler.until(lambda: len(scheduler.unacked) < 50)
                scheduler.find("s1", data={"padding": PADDING})
                grown = max(grown, process.memory_info().rss - before)
        assert {tuple(each.result()) for each in others} == {tuple(range(2, EVENTS + 2))}
        await api.until_metric("ml_event_readers_cut_off_total", SLOW)
        outcome.recovered(time.monotonic() - began)
        assert grown < MOST_GROWTH
        # Where it was, a slow one goes on; what it had not taken is still there.
        async with api.events("/sessions/s1/events", "s1:11") as events:
            assert [event["seq"] for _, _, event in await events.take(EVENTS - 10)] == list(
                range(12, EVENTS + 2)
            )
        outcome.lost(0)
        for each in slow:
            each.close()
    worker.die()
    scheduler.die()


def lazy_reader(port: int) -> socket.socket:
    """A connection that asks for all events and takes none."""
    slow = socket.create_connection(("127.0.0.1", port))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(b"GET /sessions/s1/events?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return slow


async def read_all(api: ApiProcess) -> list[int]:
    """The seqs of all findings, as a reader that keeps up gets them."""
    async with api.http.get("/sessions/s1/events?after=1") as response:
        reader = EventReader(response)
        await reader.next_block()
        return [event["seq"] for _, _, event in await reader.take(EVENTS)]
