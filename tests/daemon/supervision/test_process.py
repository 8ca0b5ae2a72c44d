"""Each test's process is a real one: what is tested is what it does to itself."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...waiting import LONGEST_S

PROGRAM = """
import asyncio, resource, sys
from argusd.api.errors import InsecureBind
from argusd.daemon.logs import LogSettings
from argusd.daemon.supervision.process import run_process
from argusd.ingest.errors import ArenaUnavailable

async def entry(stop, on_ready, on_pass):
    match sys.argv[1]:
        case "serve":
            assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
            assert int(open("/proc/self/coredump_filter").read(), 16) == 0
            assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(most_files, 65536), most_files)
            assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
            on_ready()
            await stop.wait()
        case "work":
            on_ready()
            while not stop.is_set():
                on_pass()
                await asyncio.sleep(0.01)
        case "hang":
            on_ready()
            on_pass()
            await stop.wait()
        case "starts":
            print("starts", flush=True)
            try:
                await asyncio.Event().wait()
            finally:
                print("tidied up", flush=True)
        case "insecure":
            raise InsecureBind("a token is needed")
        case "no-memory":
            raise ArenaUnavailable("no memory")
        case "bug":
            raise KeyError("surprise")

most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (256, most_files))  # a login shell allows less than it may
supervisor = int(sys.argv[3]) if len(sys.argv) > 3 else None
sys.exit(run_process("test", entry, notify_socket=sys.argv[2], logs=LogSettings(), supervisor=supervisor))
"""


@pytest.fixture
def notified(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify.sock"))
        sock.settimeout(LONGEST_S)
        yield sock


def start(
    what: str, notified: socket.socket, *more: str, stdout: int | None = None
) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROGRAM, what, notified.getsockname(), *more]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_that_it_is_ready_and_that_it_stops(notified: socket.socket, number: signal.Signals) -> None:
    with start("serve", notified) as process:
        assert notified.recv(64) == b"READY=1"
        process.send_signal(number)
        assert notified.recv(64) == b"STOPPING=1"
        assert process.wait(LONGEST_S) == 0


def test_it_tells_that_its_work_goes_on_while_it_does(notified: socket.socket) -> None:
    with start("work", notified) as process:
        assert [notified.recv(64) for _ in range(4)] == [b"READY=1", *[b"WATCHDOG=1"] * 3]
        process.kill()
    with start("hang", notified) as process:
        assert [notified.recv(64) for _ in range(2)] == [b"READY=1", b"WATCHDOG=1"]
        process.send_signal(signal.SIGTERM)
        assert notified.recv(64) == b"STOPPING=1"


def test_a_hang_that_is_aborted_is_found_in_the_log(notified: socket.socket) -> None:
    with start("hang", notified) as process:
        assert [notified.recv(64) for _ in range(2)] == [b"READY=1", b"WATCHDOG=1"]
        process.send_signal(signal.SIGABRT)
        _, log = process.communicate(timeout=LONGEST_S)
    assert process.returncode == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in log
    assert "in run_process" in log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_what_is_still_starting(notified: socket.socket, number: signal.Signals) -> None:
    with start("starts", notified, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "starts\n"
        process.send_signal(number)
        assert process.stdout.readline() == "tidied up\n"
        assert process.wait(LONGEST_S) == 0
    assert notified.recv(64) == b"STOPPING=1"


@pytest.mark.parametrize(
    ("what", "code", "said", "traceback"),
    [
        ("insecure", 2, "a token is needed", False),
        ("no-memory", 1, "no memory", False),
        ("bug", 1, "surprise", True),
    ],
)
def test_how_it_fails(notified: socket.socket, what: str, code: int, said: str, traceback: bool) -> None:
    with start(what, notified) as process:
        _, log = process.communicate(timeout=LONGEST_S)
        assert process.returncode == code
        assert said in log
        assert ("Traceback" in log) == traceback


def test_it_does_not_outlive_its_parent(notified: socket.socket) -> None:
    with start("serve", notified, str(os.getpid())) as process:
        assert notified.recv(64) == b"READY=1"
        process.terminate()
        assert process.wait(LONGEST_S) == 0
    with start("serve", notified, "1") as orphan:  # the one that started it is gone already
        assert orphan.wait(LONGEST_S) == 1
