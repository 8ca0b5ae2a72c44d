"""Keeps the daemon's processes running where systemd does not.

Every child has a task that starts it and starts it again when it ends, as soon as the restart rule grants it.
A stop asks all children at once (``stopping.py``). One of many hosts drains first: see ``Supervisor``.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from argusd.scheduler.contract.wording.reasons import reason_of

from ..errors import ChildFailed, ConfigInvalid
from .child import Child, ChildSpec
from .restarts import RestartRule

log = logging.getLogger(__name__)


class Supervisor:
    """Runs the children until ``stop`` is set; ``kill`` cuts an orderly end short.

    ``on_ready`` is called once, when every child has said that it is ready. ``drain_s``: how long what lives
    may go on, once ``drain`` is set, before the stop; 0 where nothing else could take what comes. ``check``
    raises ConfigInvalid before a reload that could only fail; ``on_not_reloaded`` is told why one failed.
    """

    def __init__(
        self,
        specs: Sequence[ChildSpec],
        runtime_dir: Path,
        rule: RestartRule,
        on_ready: Callable[[], None],
        drain_s: float = 0.0,
        *,
        check: Callable[[], object] = lambda: None,
        on_not_reloaded: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.children = [Child(spec, runtime_dir) for spec in specs]
        self._rule = rule
        self._on_ready = on_ready
        self._drain_s = drain_s
        self._check = check
        self._on_not_reloaded = on_not_reloaded
        self._runtime_dir = runtime_dir
        self._keepers: list[asyncio.Task[None]] = []
        self._stopping = False
        self.drain = asyncio.Event()
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()
        self.kill = asyncio.Event()

    def handle_signals(self) -> None:
        """The first SIGTERM or SIGINT asks for an orderly end, the second for an immediate one.

        Where the first has the daemon drain, the second asks for the orderly end, the third for the other.
        SIGHUP asks for new lives of the children that may overlap with them.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)

    def _signalled(self) -> None:
        if self._drain_s and not (self.drain.is_set() or self.stop.is_set()):
            self.drain.set()
        else:
            (self.kill if self.stop.is_set() else self.stop).set()

    async def run(self) -> bool:
        """Keep the children alive until told to stop; True when all of them then ended by themselves.

        Raises:
            ChildFailed: a vital child ended too often. The others have been stopped.
            ConfigInvalid: a child refused its configuration. The others have been stopped.

        So have all where what is done beside them fails, and that error is raised.
        """
        for child in self.children:
            self._start_keeping(child)
        beside = (self._announce(), self._reload_when_asked(), self._drain_when_asked())
        others = [asyncio.create_task(each) for each in beside]
        for task in others:
            task.add_done_callback(self._stop_where_it_failed)
        try:
            await self.stop.wait()
            for task in others:
                task.cancel()
            clean = await self._stop_all()
            for failure in await asyncio.gather(*others, *self._keepers, return_exceptions=True):
                if isinstance(failure, Exception):  # not that others were cancelled
                    raise failure
            return clean
        finally:
            for task in (*others, *self._keepers):
                task.cancel()
            for child in self.children:
                child.kill()
                child.close()

    def _stop_where_it_failed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.critical("all ends because of an error nobody expected: %s", type(error).__name__)
            self.stop.set()

    async def _reload_when_asked(self) -> None:
        while True:
            await self.reload.wait()
            self.reload.clear()
            try:
                self._check()
            except ConfigInvalid as error:
                self._tell_not_reloaded(str(error))
                continue
            except Exception as error:  # of what was just edited: no session is to end by it
                self._tell_not_reloaded(f"the configuration cannot be read ({type(error).__name__})")
                continue
            for child in [child for child in self.children if child.spec.overlaps]:
                await self._replace(child)

    def _tell_not_reloaded(self, why: str) -> None:
        log.error("not reloaded: %s", why)
        self._on_not_reloaded(why)

    async def _drain_when_asked(self) -> None:
        await self.drain.wait()
        log.info("what lives may come to its end, for %.0f s; another signal ends it at once", self._drain_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._drain_s):
                await asyncio.gather(*(child.drain() for child in self.children if child.spec.drains))
        self.stop.set()

    async def _replace(self, child: Child) -> None:
        """Start the child's next life beside it, and end it when that one is ready; if ever."""
        try:
            successor = Child(child.spec, self._runtime_dir, child.turn + 1)
        except OSError as error:
            self._tell_not_reloaded(
                f"the next {child.name} cannot begin ({reason_of(error)}); this one goes on"
            )
            return
        self.children.insert(self.children.index(child), successor)
        life = asyncio.create_task(successor.run_once())
        ready = asyncio.create_task(successor.ready.wait())
        await asyncio.wait([life, ready], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        if successor.ready.is_set():
            log.info("the next %s is ready and takes over", child.name)
            self._start_keeping(successor, life)
            over = child
        else:
            ended = describe_exit(life.result())
            self._tell_not_reloaded(f"the next {child.name} ended ({ended}); this one goes on")
            over = successor
        await over.stop()
        self.children.remove(over)
        over.close()
        over.ready.set()  # who still waits for the first to be ready: the one that goes on is

    def _start_keeping(self, child: Child, life: asyncio.Task[int] | None = None) -> None:
        keeper = asyncio.create_task(self._keep(child, life), name=child.name)
        keeper.add_done_callback(lambda _: None if child.stop_asked else self.stop.set())
        self._keepers.append(keeper)

    async def _announce(self) -> None:
        await asyncio.gather(*(child.ready.wait() for child in self.children))
        self._on_ready()

    async def _keep(self, child: Child, life: asyncio.Task[int] | None) -> None:
        """Start the child again and again, from its present ``life`` on, until somebody stops it."""
        exits: list[float] = []
        while not (self._stopping or child.stop_asked):
            code = await (life or child.run_once())
            life = None
            if self._stopping or child.stop_asked:
                return
            if code == ConfigInvalid.exit_code:
                raise ConfigInvalid(f"{child.name} refuses its configuration; its log says why")
            now = time.monotonic()
            if child.served_s >= self._rule.steady_s:
                exits = []
            exits = [at for at in exits if at > now - self._rule.window_s] + [now]
            delay = self._rule.delay(exits, now)
            if delay is None:
                delay = self._rest(child, len(exits), code)
                exits = [now + delay] * self._rule.limit  # none is left until it has lived for a window
            log.warning("%s ended (%s); starting it again in %.2g s", child.name, describe_exit(code), delay)
            await self._pause(delay)

    def _rest(self, child: Child, exits: int, code: int) -> float:
        """The seconds for which a child rests that has used its budget up.

        Raises:
            ChildFailed: it is a vital one.
        """
        often = (
            f"{child.name} ended {exits} times in {self._rule.window_s:.0f} s (last: {describe_exit(code)})"
        )
        if child.spec.vital:
            raise ChildFailed(f"{often}; giving up")
        log.error("%s; the others go on without it for a while", often)
        return self._rule.rest_s

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.stop.wait(), seconds)
        except TimeoutError:
            return

    async def _stop_all(self) -> bool:
        self._stopping = True
        self.stop.set()
        orderly = asyncio.create_task(self._stop_together())
        killed = asyncio.create_task(self.kill.wait())
        await asyncio.wait([orderly, killed], return_when=asyncio.FIRST_COMPLETED)
        killed.cancel()
        if orderly.done():
            return orderly.result()
        orderly.cancel()
        for child in self.children:
            child.kill()
        return False

    async def _stop_together(self) -> bool:
        return all(await asyncio.gather(*(child.stop() for child in self.children)))


def describe_exit(code: int) -> str:
    """An exit code in words: ``exit code 3``, ``SIGKILL``, or ``signal 40`` for one without a name."""
    if code >= 0:
        return f"exit code {code}"
    return signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
