"""The api as a writer: its arena, offered to schedulers on ``api.sock`` exactly as an ingest worker's is."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable

import msgspec

from argusd.ingest.ipc.channel import Listener
from argusd.ingest.ipc.messages import Command, Role
from argusd.ingest.ipc.peers import Answer, Peers
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.open_rings import OpenRings

from ..config import ApiConfig

log = logging.getLogger(__name__)

WRITER = "api"


class ArenaServer:
    """Tells every reader which rings there are; each WebSocket has its own."""

    def __init__(self, arena: Arena) -> None:
        self.arena = arena
        self.peers = Peers(WRITER, arena, self._facts, _no_command)
        self.rings = OpenRings(self.peers)

    def _facts(self, role: Role) -> Iterable[msgspec.Struct]:
        return self.rings.facts() if role == "reader" else ()


@contextlib.asynccontextmanager
async def serving_arena(config: ApiConfig) -> AsyncIterator[ArenaServer]:
    """An arena that schedulers can attach to, for as long as the context lasts.

    Raises:
        ArenaUnavailable, UnsupportedPlatform: no shared memory.
    """
    arena = Arena(config.arena_mib << 20, "api.arena_mib")
    server = ArenaServer(arena)
    listener = Listener(config.runtime_dir / f"{WRITER}.sock", server.peers.accept)
    try:
        yield server
    finally:
        listener.close()
        server.peers.close()
        await asyncio.sleep(0)  # the connections' last callbacks use the arena
        arena.close()


def _no_command(_command: Command, _answer: Answer) -> None:
    log.warning("a controller sent the api a command; its streams come by WebSocket alone")
