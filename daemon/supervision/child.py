"""One supervised process: started, awaited ready, stopped."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from .notify import READY, SILENCE_S, WATCHDOG, NotifyListener

log = logging.getLogger(__name__)


class ChildSpec(msgspec.Struct, frozen=True):
    """What to start: a name for logs, the command line, the environment (secrets go here, never in argv).

    ``grace_s``: how long it may take to end when asked to, before it is killed. ``vital``: whether the others
    are to end where this one ends too often; else it rests, and they go on. ``silence_s``: how long one that
    tells of its progress may tell nothing, before it is killed.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    grace_s: float
    vital: bool = True
    silence_s: float = SILENCE_S


class Child:
    """A child process that may be started many times. ``ready`` is set while it has said that it is."""

    def __init__(self, spec: ChildSpec, runtime_dir: Path) -> None:
        self.name = spec.name
        self.vital = spec.vital
        self.ready = asyncio.Event()
        self._spec = spec
        self._process: asyncio.subprocess.Process | None = None
        self._stop_asked = False
        self._told = asyncio.Event()
        self._listener = NotifyListener(runtime_dir / f"notify-{spec.name}.sock", self._hears)

    @property
    def pid(self) -> int | None:
        """Process id of the running child, None while there is none."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def run_once(self) -> int:
        """Start the process and wait until it ends; returns its exit code (negative: the signal).

        It gets a process group of its own, so that Ctrl-C at a terminal reaches the supervisor alone.
        """
        env = {**self._spec.env, "NOTIFY_SOCKET": str(self._listener.path)}
        self._process = await asyncio.create_subprocess_exec(
            *self._spec.argv, env=env, stdin=asyncio.subprocess.DEVNULL, process_group=0
        )
        if self._stop_asked:  # stop() came while the process was being made and could not reach it
            self._process.terminate()
        watchdog = asyncio.create_task(self._kill_when_silent())
        try:
            return await self._process.wait()
        finally:
            watchdog.cancel()
            self.ready.clear()

    def _hears(self, state: bytes) -> None:
        if state == READY:
            self.ready.set()
        elif state == WATCHDOG:
            self._told.set()

    async def _kill_when_silent(self) -> None:
        """Kill the process when it has told of its progress and tells nothing more; not while it stops."""
        self._told.clear()
        await self._told.wait()
        while self._told.is_set() or self._stop_asked:
            self._told.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), self._spec.silence_s)
        log.error("%s hangs: it told nothing for %.0f s and is killed", self.name, self._spec.silence_s)
        self.kill()

    async def stop(self) -> bool:
        """Ask the process to end and wait; after its grace it is killed. False if it had to be."""
        self._stop_asked = True
        process = self._process
        if process is None or process.returncode is not None:
            return True
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self._spec.grace_s)
        except TimeoutError:
            log.error("%s did not end within %.0f s and is killed", self.name, self._spec.grace_s)  # noqa: TRY400
            self.kill()
            await process.wait()
            return False
        return True

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        if self.pid is not None:
            os.killpg(self.pid, signal.SIGKILL)

    def close(self) -> None:
        """Forget the readiness socket."""
        self._listener.close()
