import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from argusd.daemon.supervision.notify import (
    BEAT_S,
    READY,
    STOPPING,
    WATCHDOG,
    Heartbeat,
    NotifyListener,
    notify,
)

from ...waiting import LONGEST_S


@contextlib.contextmanager
def no_file_more() -> Iterator[None]:
    """No further file may be opened meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_each_state_of_a_datagram_arrives(tmp_path: Path) -> None:
    states: asyncio.Queue[bytes] = asyncio.Queue()
    listener = NotifyListener(tmp_path / "notify.sock", states.put_nowait)
    notify(str(listener.path), STOPPING)
    notify(str(listener.path), b"STATUS=READY=1")
    notify(str(listener.path), b"WATCHDOG=1\nREADY=1")
    async with asyncio.timeout(LONGEST_S):
        assert [await states.get() for _ in range(4)] == [STOPPING, b"STATUS=READY=1", WATCHDOG, READY]
    listener.close()
    assert not listener.path.exists()


def test_nobody_is_told_where_nobody_asked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        notify(None, READY)
    assert caplog.messages == []


def test_a_listener_that_is_gone_is_logged_and_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = str(tmp_path / "nowhere.sock")
    with caplog.at_level("DEBUG"):
        notify(nowhere, READY)
    assert caplog.messages == [f"nobody takes notice of READY=1 at {nowhere}: No such file or directory"]


def test_systemds_abstract_sockets_are_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind("\0argusd-test-notify")
        notify("@argusd-test-notify", READY)
        assert systemd.recv(64) == READY


def test_a_heartbeat_is_told_once_a_second_however_often_the_work_comes_round(tmp_path: Path) -> None:
    passes = iter((100.0, 100.0 + BEAT_S / 2, 100.0 + BEAT_S, 200.0))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as systemd:
        systemd.bind(str(tmp_path / "notify.sock"))
        with contextlib.closing(Heartbeat(systemd.getsockname(), lambda: next(passes))) as heartbeat:
            for _ in range(4):
                heartbeat()
        assert [systemd.recv(64) for _ in range(3)] == [WATCHDOG] * 3
        with pytest.raises(BlockingIOError):
            systemd.recv(64)


def test_a_heartbeat_waits_for_nobody_who_has_stopped_listening(tmp_path: Path) -> None:
    seconds = count()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stopped:
        stopped.bind(str(tmp_path / "notify.sock"))
        with contextlib.closing(Heartbeat(stopped.getsockname(), lambda: next(seconds))) as heartbeat:
            signal.alarm(LONGEST_S)  # else it would wait for ever
            for _ in range(10_000):
                heartbeat()
            signal.alarm(0)
            assert next(seconds) == 10_000
            assert stopped.recv(64) == WATCHDOG


def test_a_heartbeat_is_told_although_no_file_may_be_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as systemd:
        systemd.bind(str(tmp_path / "notify.sock"))
        with contextlib.closing(Heartbeat(systemd.getsockname())) as heartbeat, no_file_more():
            notify(systemd.getsockname(), STOPPING)  # in vain, and without harm
            heartbeat()
        assert systemd.recv(64) == WATCHDOG
