"""Real children: small Python programs that say READY and do what their test needs."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from argusd.daemon.errors import ChildFailed, ConfigInvalid
from argusd.daemon.supervision.child import Child, ChildSpec
from argusd.daemon.supervision.restarts import RestartRule
from argusd.daemon.supervision.supervisor import Supervisor, describe_exit

from ...waiting import LONGEST_S, until

PATIENT = RestartRule(limit=5, first_delay_s=0.01, longest_delay_s=0.02)

READY = """
import os, signal, socket, sys, time
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
"""
WAITS = READY + "time.sleep(60)"
TELLS = 'sock.sendto(b"WATCHDOG=1", os.environ["NOTIFY_SOCKET"])'
HANGS = f"{READY}\n{TELLS}\ntime.sleep(60)"
WORKS = f"{READY}\nwhile True:\n    {TELLS}\n    time.sleep(0.01)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)" + WAITS
WAITS_FOR_THE_OTHER = f"""
import pathlib, signal, sys, time
def end(*_):
    pathlib.Path(sys.argv[1]).touch()
    while not pathlib.Path(sys.argv[2]).exists():
        time.sleep(0.001)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
{WAITS}
"""


def child(
    name: str,
    program: str,
    *arguments: str,
    grace_s: float = 10.0,
    vital: bool = True,
    silence_s: float = 10.0,
) -> ChildSpec:
    argv = [sys.executable, "-c", program, *arguments]
    return ChildSpec(name, argv, dict(os.environ), grace_s, vital, silence_s)


class Running:
    """A supervisor at work, and how often it has announced that all are ready."""

    def __init__(
        self, specs: list[ChildSpec], runtime_dir: Path, rule: RestartRule = PATIENT, drain_s: float = 0.0
    ) -> None:
        self.announced = asyncio.Event()
        self.mistakes: list[Exception] = []
        self.not_reloaded: list[str] = []
        self.supervisor = Supervisor(
            specs,
            runtime_dir,
            rule,
            self.announced.set,
            drain_s,
            check=self._check,
            on_not_reloaded=self.not_reloaded.append,
        )
        self.result = asyncio.create_task(self.supervisor.run())

    def _check(self) -> None:
        if self.mistakes:
            raise self.mistakes.pop()

    async def end(self) -> bool:
        self.supervisor.stop.set()
        return await self.result


async def test_it_is_ready_when_every_child_is_and_ends_cleanly(tmp_path: Path) -> None:
    running = Running([child("one", WAITS), child("two", WAITS)], tmp_path)
    await running.announced.wait()
    pids = [each.pid for each in running.supervisor.children]
    assert await running.end() is True
    for pid in pids:
        assert pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert os.listdir(tmp_path) == []  # no readiness socket is left


async def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    running = Running([child("one", WAITS)], tmp_path)
    one = running.supervisor.children[0]
    for _ in range(3):
        await one.ready.wait()
        killed = one.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await restarted(one, killed)
    await one.ready.wait()
    assert await running.end() is True


async def restarted(one: Child, killed: int) -> None:
    while one.pid in (None, killed):  # noqa: ASYNC110 nothing announces a new process before it is ready
        await asyncio.sleep(0.005)


async def test_all_children_are_asked_to_end_before_any_has_ended(tmp_path: Path) -> None:
    asked = [tmp_path / "one", tmp_path / "two"]
    specs = [
        child(mine.name, WAITS_FOR_THE_OTHER, str(mine), str(other))
        for mine, other in (asked, reversed(asked))
    ]
    running = Running(specs, tmp_path)
    await running.announced.wait()
    assert await running.end() is True


async def test_a_child_that_keeps_ending_uses_the_budget_up(tmp_path: Path) -> None:
    rule = RestartRule(limit=2, first_delay_s=0.01)
    running = Running([child("steady", WAITS), child("broken", "raise SystemExit(3)")], tmp_path, rule)
    with pytest.raises(ChildFailed, match=r"broken ended 3 times in 60 s \(last: exit code 3\); giving up"):
        await running.result
    assert [each.pid for each in running.supervisor.children] == [None, None]


async def test_exits_before_a_steady_life_are_forgiven(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rule = RestartRule(limit=1, first_delay_s=0.01, steady_s=0.0)
    running = Running([child("one", WAITS)], tmp_path, rule)
    one = running.supervisor.children[0]
    for _ in range(4):
        await one.ready.wait()
        killed = one.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await restarted(one, killed)
    assert caplog.text.count("starting it again in 0.01 s") == 4
    assert await running.end() is True


async def test_a_child_that_is_not_vital_rests_and_the_others_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rule = RestartRule(limit=2, first_delay_s=0.01, rest_s=0.05)
    specs = [child("steady", WAITS), child("broken", "raise SystemExit(76)", vital=False)]
    running = Running(specs, tmp_path, rule)
    steady = running.supervisor.children[0]
    await steady.ready.wait()
    pid = steady.pid
    await until(lambda: caplog.text.count("the others go on without it") == 3)
    waits = re.findall(r"starting it again in (\S+) s", caplog.text)
    assert waits[:4] == ["0.01", "0.02", "0.05", "0.05"]
    assert steady.pid == pid
    assert await running.end() is True


async def test_a_refused_configuration_is_not_tried_twice(tmp_path: Path) -> None:
    running = Running([child("strict", "raise SystemExit(2)")], tmp_path)
    with pytest.raises(ConfigInvalid, match="strict refuses its configuration"):
        await running.result


async def test_a_stubborn_child_is_killed_after_its_grace_and_the_end_is_not_clean(tmp_path: Path) -> None:
    running = Running([child("stubborn", STUBBORN, grace_s=0.1)], tmp_path)
    await running.announced.wait()
    assert await running.end() is False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_everything_at_once(tmp_path: Path, number: signal.Signals) -> None:
    running = Running([child("stubborn", STUBBORN, grace_s=60), child("other", WAITS)], tmp_path)
    running.supervisor.handle_signals()
    await running.announced.wait()
    os.kill(os.getpid(), number)
    await running.supervisor.stop.wait()
    os.kill(os.getpid(), number)
    assert await running.result is False


DRAINS = f"""
import pathlib, signal, sys, threading, time
asked, over = map(pathlib.Path, sys.argv[1:])
drain = threading.Event()
signal.signal(signal.SIGUSR1, lambda *_: drain.set())
{READY}
while not drain.is_set():
    time.sleep(0.001)
asked.touch()
while not over.exists():
    time.sleep(0.001)
sock.sendto(b"X_DRAINED=1", os.environ["NOTIFY_SOCKET"])
time.sleep(60)
"""


class Draining(Running):
    """Two children, of which one drains: it touches ``asked``, and has drained when ``over`` is there."""

    def __init__(self, folder: Path, drain_s: float = 60.0) -> None:
        self.asked, self.over = folder / "asked", folder / "over"
        api = msgspec.structs.replace(child("api", DRAINS, str(self.asked), str(self.over)), drains=True)
        super().__init__([api, child("other", WAITS)], folder, drain_s=drain_s)
        self.supervisor.handle_signals()


async def asked_to_end(folder: Path) -> Draining:
    """One of many hosts that was up when it was asked to end."""
    running = Draining(folder)
    await running.announced.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    return running


async def test_one_of_many_hosts_drains_before_it_stops(tmp_path: Path) -> None:
    running = await asked_to_end(tmp_path)
    await until(running.asked.exists)
    assert not running.supervisor.stop.is_set()
    running.over.touch()
    assert await running.result is True


async def test_a_child_that_is_started_anew_goes_on_draining(tmp_path: Path) -> None:
    running = await asked_to_end(tmp_path)
    await until(running.asked.exists)
    running.asked.unlink()
    running.supervisor.children[0].kill()
    await until(running.asked.exists)
    assert not running.supervisor.stop.is_set()
    running.over.touch()
    assert await running.result is True


async def test_a_second_signal_ends_the_drain_and_a_third_everything(tmp_path: Path) -> None:
    running = await asked_to_end(tmp_path)
    await running.supervisor.drain.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    await running.supervisor.stop.wait()
    assert not running.supervisor.kill.is_set()
    os.kill(os.getpid(), signal.SIGTERM)
    await running.supervisor.kill.wait()
    await running.result


def kill_and_reap(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):  # asyncio's watcher was the first to reap it
        os.waitpid(pid, 0)


async def test_a_process_that_ended_a_moment_ago_is_signalled_in_vain(tmp_path: Path) -> None:
    running = Running([child("api", WAITS)], tmp_path)
    await running.announced.wait()
    (api,) = running.supervisor.children
    assert api.pid is not None
    kill_and_reap(api.pid)
    assert api.pid is not None, "nobody has heard of it yet"
    api.kill()
    assert await api.stop() is True
    assert await running.end() is True


async def test_a_drain_is_over_when_its_time_is_up(tmp_path: Path) -> None:
    running = Draining(tmp_path, drain_s=0.1)
    await running.announced.wait()
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running.result is True


async def test_a_stop_before_anything_was_ready_waits_for_nobody(tmp_path: Path) -> None:
    api = msgspec.structs.replace(child("api", "import time; time.sleep(60)"), drains=True)
    running = Running([api], tmp_path, drain_s=60.0)
    running.supervisor.drain.set()
    assert await running.result is True


LOADS_FOR_EVER_THE_SECOND_TIME = f"""
import pathlib, sys, time
marker = pathlib.Path(sys.argv[1])
if marker.exists():
    marker.with_suffix(".again").touch()
    time.sleep(60)
marker.touch()
{WAITS}
"""
FAILS_THE_SECOND_TIME = f"""
import pathlib, sys
marker = pathlib.Path(sys.argv[1])
if marker.exists():
    sys.exit(3)
marker.touch()
{WAITS}
"""


def overlapping(program: str, *arguments: str) -> ChildSpec:
    return msgspec.structs.replace(child("one", program, *arguments), overlaps=True)


async def test_a_reload_ends_a_child_when_its_next_life_is_ready(tmp_path: Path) -> None:
    running = Running([overlapping(WAITS), child("two", WAITS)], tmp_path)
    await running.announced.wait()
    one, two = running.supervisor.children
    for _ in range(2):
        before = running.supervisor.children[0]
        running.supervisor.reload.set()
        await until(lambda before=before: before not in running.supervisor.children)  # type: ignore[misc]
        assert before.pid is None
        assert running.supervisor.children[0].ready.is_set()
    assert running.supervisor.children[1] is two
    after = running.supervisor.children[0]
    killed = after.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    await restarted(after, killed)
    assert one.pid is None
    assert await running.end() is True
    assert [name for name in os.listdir(tmp_path) if name.endswith(".sock")] == []


async def test_a_next_life_that_fails_leaves_the_one_that_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = Running([overlapping(FAILS_THE_SECOND_TIME, str(tmp_path / "marker"))], tmp_path)
    await running.announced.wait()
    [one] = running.supervisor.children
    pid = one.pid
    running.supervisor.reload.set()
    failed = "the next one ended (exit code 3); this one goes on"
    await until(lambda: f"not reloaded: {failed}" in caplog.messages)
    await until(lambda: running.supervisor.children == [one])
    assert running.not_reloaded == [failed]
    assert one.pid == pid
    assert await running.end() is True


async def test_a_next_life_for_which_there_is_no_room_leaves_the_one_that_runs_and_may_come_later(
    tmp_path: Path,
) -> None:
    runtime_dir, away = tmp_path / "run", tmp_path / "away"
    runtime_dir.mkdir()
    running = Running([overlapping(WAITS)], runtime_dir)
    await running.announced.wait()
    [one] = running.supervisor.children
    runtime_dir.rename(away)
    running.supervisor.reload.set()
    await until(lambda: len(running.not_reloaded) == 1)
    assert running.not_reloaded == ["the next one cannot begin (no such file or directory); this one goes on"]
    assert running.supervisor.children == [one]
    away.rename(runtime_dir)
    running.supervisor.reload.set()
    await until(lambda: one not in running.supervisor.children)
    assert await running.end() is True


async def test_a_process_that_the_system_does_not_start_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    program = tmp_path / "program"
    spec = msgspec.structs.replace(child("one", WAITS), argv=[str(program)])
    running = Running(
        [spec], tmp_path, RestartRule(limit=1_000_000, first_delay_s=0.01, longest_delay_s=0.01)
    )
    await until(lambda: "one is not started: no such file or directory" in caplog.messages)
    program.write_text(f"#!{sys.executable}\n{WAITS}")
    program.chmod(0o700)
    await running.announced.wait()
    program.unlink()
    assert await running.end() is True


async def test_what_fails_beside_the_children_ends_them_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    running = Running([child("one", WAITS)], tmp_path)

    def fail() -> None:
        raise RuntimeError("a mistake of ours")

    running.supervisor._on_ready = fail
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        await asyncio.wait_for(running.result, LONGEST_S)
    assert "all ends because of an error nobody expected: RuntimeError" in caplog.messages
    assert [each.pid for each in running.supervisor.children] == [None]


LOADS_FOR_EVER_THE_FIRST_TIME = f"""
import pathlib, sys, time
marker = pathlib.Path(sys.argv[1])
if not marker.exists():
    marker.touch()
    time.sleep(60)
{WAITS}
"""


async def test_it_is_ready_also_when_a_child_is_so_in_its_second_life_alone(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    running = Running(
        [overlapping(LOADS_FOR_EVER_THE_FIRST_TIME, str(marker)), child("two", WAITS)], tmp_path
    )
    await until(marker.exists)
    running.supervisor.reload.set()
    await asyncio.wait_for(running.announced.wait(), LONGEST_S)
    assert await running.end() is True


async def test_a_configuration_that_is_refused_by_now_starts_no_next_life(tmp_path: Path) -> None:
    running = Running([overlapping(WAITS)], tmp_path)
    await running.announced.wait()
    [one] = running.supervisor.children
    for mistake in (ConfigInvalid("models.toml is not TOML"), RuntimeError("ours, which may name a secret")):
        running.mistakes.append(mistake)
        told = len(running.not_reloaded)
        running.supervisor.reload.set()
        await until(lambda told=told: len(running.not_reloaded) > told)  # type: ignore[misc]
    assert running.not_reloaded == [
        "models.toml is not TOML",
        "the configuration cannot be read (RuntimeError)",
    ]
    assert running.supervisor.children == [one]
    running.supervisor.reload.set()  # it is mended
    await until(lambda: running.supervisor.children != [one])
    assert await running.end() is True


async def test_a_stop_during_a_reload_ends_both_lives(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    running = Running([overlapping(LOADS_FOR_EVER_THE_SECOND_TIME, str(marker))], tmp_path)
    await running.announced.wait()
    running.supervisor.reload.set()
    await until(marker.with_suffix(".again").exists)
    lives = list(running.supervisor.children)
    assert await running.end() is True
    assert [life.pid for life in lives] == [None, None]


async def test_a_stop_during_the_wait_for_a_restart_starts_nothing(tmp_path: Path) -> None:
    rule = RestartRule(first_delay_s=60, longest_delay_s=60)
    running = Running([child("brief", READY)], tmp_path, rule)
    await running.announced.wait()
    assert await running.end() is True


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "SIGKILL"), (-40, "signal 40")]
)
def test_exit_codes_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words


async def test_a_child_that_told_of_its_progress_and_falls_silent_is_killed(tmp_path: Path) -> None:
    hanging = Child(child("hanging", HANGS, silence_s=0.1), tmp_path)
    assert await asyncio.wait_for(hanging.run_once(), LONGEST_S) == -signal.SIGKILL
    assert await asyncio.wait_for(hanging.run_once(), LONGEST_S) == -signal.SIGKILL
    hanging.close()


async def test_one_that_goes_on_telling_and_one_that_never_told_are_left_alone(tmp_path: Path) -> None:
    others = [
        Child(child(f"other-{number}", program, silence_s=1.0), tmp_path)
        for number, program in enumerate((WORKS, WAITS))
    ]
    hanging = Child(child("hanging", HANGS, silence_s=2.0), tmp_path)
    codes = [asyncio.create_task(other.run_once()) for other in others]
    assert await asyncio.wait_for(hanging.run_once(), LONGEST_S) == -signal.SIGKILL
    assert not any(code.done() for code in codes)
    await asyncio.gather(*(other.stop() for other in others))
    assert await asyncio.gather(*codes) == [-signal.SIGTERM] * 2
    for each in (hanging, *others):
        each.close()
