"""One supervised process: started, awaited ready, stopped."""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from argusd.api.intake import DRAIN_SIGNAL
from argusd.scheduler.contract.wording.reasons import reason_of

from ..exit_codes import FAILED
from .notify import DRAINED, READY, SILENCE_S, WATCHDOG, NotifyListener

log = logging.getLogger(__name__)

DRAIN_AGAIN_S = 1.0


class ChildSpec(msgspec.Struct, frozen=True):
    """What to start: a name for logs, the command line, the environment (secrets go here, never in argv).

    ``grace_s``: how long it may take to end when asked to, before it is killed. ``vital``: whether the others
    are to end where this one ends too often; else it rests, and they go on. ``silence_s``: how long one that
    tells of its progress may tell nothing, before it is killed. ``overlaps``: its next life may begin while
    this one is there, and takes over from it. ``drains``: it is the one that knows how to drain.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    grace_s: float
    vital: bool = True
    silence_s: float = SILENCE_S
    overlaps: bool = False
    drains: bool = False


class Child:
    """A child process that may be started many times. ``ready`` is set while it has said that it is.

    ``turn`` counts the children of the same spec that came before, of which one may still be there.
    ``served_s``: how long the last process that ended had been ready.
    """

    def __init__(self, spec: ChildSpec, runtime_dir: Path, turn: int = 0) -> None:
        self.name = spec.name
        self.spec = spec
        self.turn = turn
        self.ready = asyncio.Event()
        self.stop_asked = False
        self.served_s = 0.0
        self._ready_at = 0.0
        self._process: asyncio.subprocess.Process | None = None
        self._told = asyncio.Event()
        self._drained = asyncio.Event()
        beside = ".2" * (turn % 2)
        self._listener = NotifyListener(runtime_dir / f"notify-{spec.name}{beside}.sock", self._hears)

    @property
    def pid(self) -> int | None:
        """Process id of the running child, None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def run_once(self) -> int:
        """Start the process and wait until it ends; returns its exit code (negative: the signal).

        It gets a session of its own, so that Ctrl-C at a terminal reaches the supervisor alone. One that the
        system does not start has ended as well, with 1: there may be room for it in a moment.
        """
        env = {**self.spec.env, "NOTIFY_SOCKET": str(self._listener.path)}
        self.served_s = 0.0
        self._told.clear()  # and not later: it may tell before we go on
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.argv, env=env, stdin=asyncio.subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            log.error("%s is not started: %s", self.name, reason_of(error))  # noqa: TRY400 - it says it all
            return FAILED
        if self.stop_asked:  # stop() came while the process was being made and could not reach it
            self._signal(signal.SIGTERM)
        watchdog = asyncio.create_task(self._kill_when_silent())
        try:
            return await self._process.wait()
        finally:
            watchdog.cancel()
            self.served_s = time.monotonic() - self._ready_at if self.ready.is_set() else 0.0
            self.ready.clear()

    def _hears(self, state: bytes) -> None:
        if state == READY:
            self.ready.set()
            self._ready_at = time.monotonic()
        elif state == WATCHDOG:
            self._told.set()
        elif state == DRAINED:
            self._drained.set()

    async def drain(self) -> None:
        """Have the process drain, and return when it has; it is told again in each of its lives.

        One that never was ready has nothing that could come to an end.
        """
        while self._ready_at and not self._drained.is_set():
            if self.ready.is_set():  # before, the signal would kill it
                self._signal(DRAIN_SIGNAL)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), DRAIN_AGAIN_S)

    async def _kill_when_silent(self) -> None:
        """Kill the process when it has told of its progress and tells nothing more; not while it stops."""
        await self._told.wait()
        while self._told.is_set() or self.stop_asked:
            self._told.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), self.spec.silence_s)
        log.error("%s hangs: it told nothing for %.0f s and is killed", self.name, self.spec.silence_s)
        self.kill()

    async def stop(self) -> bool:
        """Ask the process to end and wait; after its grace it is killed. False if it had to be."""
        self.stop_asked = True
        process = self._process
        if process is None or process.returncode is not None:
            return True
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self.spec.grace_s)
        except TimeoutError:
            log.error("%s did not end within %.0f s and is killed", self.name, self.spec.grace_s)  # noqa: TRY400
            self.kill()
            await process.wait()
            return False
        return True

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):  # as in _signal
                os.killpg(self.pid, signal.SIGKILL)

    def _signal(self, number: int) -> None:
        """Signal the process, which may have ended although nobody has heard of it yet."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def close(self) -> None:
        """Forget the readiness socket."""
        self._listener.close()
