"""The api as a writer: its arena, offered to schedulers on ``api.sock`` exactly as an ingest worker's is."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator

import msgspec

from argusd.ingest.arena import Arena
from argusd.ingest.channel import Listener
from argusd.ingest.messages import (
    CloseSession,
    OpenSession,
    Role,
    StreamClosed,
    StreamKind,
    StreamOpened,
)
from argusd.ingest.peers import Answer, Peers
from argusd.ingest.sink import Ring

from ..config import ApiConfig

log = logging.getLogger(__name__)

WRITER = "api"


class ArenaServer:
    """Tells every reader which rings there are. ``watched`` ids name sessions to the scheduler."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.peers = Peers(WRITER, arena, self._facts, _no_command)
        self._rings: dict[tuple[str, StreamKind], Ring] = {}

    def opened(self, watched: str, kind: StreamKind, ring: Ring) -> None:
        """A track has a ring, or another one than before."""
        self._rings[watched, kind] = ring
        self.peers.tell("reader", StreamOpened(watched, kind, ring.row, ring.generation))

    def closed(self, watched: str, kind: StreamKind) -> None:
        """The track is over; a no-op if it never had a ring."""
        if self._rings.pop((watched, kind), None) is not None:
            self.peers.tell("reader", StreamClosed(watched, kind))

    def _facts(self, role: Role) -> Iterator[msgspec.Struct]:
        for (watched, kind), ring in self._rings.items() if role == "reader" else ():
            yield StreamOpened(watched, kind, ring.row, ring.generation)


@contextlib.asynccontextmanager
async def serving_arena(config: ApiConfig) -> AsyncIterator[ArenaServer]:
    """An arena that schedulers can attach to, for as long as the context lasts.

    Raises:
        ArenaUnavailable, UnsupportedPlatform: no shared memory.
    """
    arena = Arena(config.arena_mib << 20)
    server = ArenaServer(arena)
    listener = Listener(config.runtime_dir / f"{WRITER}.sock", server.peers.accept)
    try:
        yield server
    finally:
        listener.close()
        server.peers.close()
        await asyncio.sleep(0)  # the connections' last callbacks use the arena
        arena.close()


def _no_command(_command: OpenSession | CloseSession, _answer: Answer) -> None:
    log.warning("a controller sent the api a command; its streams come by WebSocket alone")
