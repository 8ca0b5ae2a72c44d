"""An ingest worker's process: one worker, one loop."""

import asyncio
import logging
from collections.abc import Callable

from .codecs.opus import check_libopus
from .config import IngestConfig
from .guard import check_aioice
from .ice.ice_sockets import IceSockets
from .ipc.channel import Listener
from .shm.arena import Arena
from .transport import check_aiortc
from .worker import Worker

log = logging.getLogger(__name__)

CHECK_S = 0.5
CHECKS_PER_REPORT = 2


async def run_worker(
    config: IngestConfig,
    stop: asyncio.Event,
    on_ready: Callable[[], None],
    on_pass: Callable[[], None] = lambda: None,
) -> None:
    """Serve until ``stop`` is set; ``on_ready`` is called once the socket listens.

    ``on_pass`` is called each time that all sessions have been looked after.

    Raises:
        ArenaUnavailable, ArenaTooSmall, UnsupportedPlatform: no shared memory, or not enough.
        PortUnavailable: another program uses a configured port.
        CredentialUnreadable: the credential of an ICE server cannot be read.
        IncompatibleLibrary: aioice or aiortc is not the pinned one, or PyAV has no libopus.
    """
    check_aioice()
    check_aiortc()
    check_libopus()
    sockets = IceSockets(config)
    await sockets.open()
    arena = Arena(config.arena_mib << 20, "ingest.arena_mib")
    worker = Worker(config, arena, sockets)
    listener = Listener(config.socket_path, worker.peers.accept)
    log.info("%s listens with %d MiB of shared memory", config.name, config.arena_mib)
    on_ready()
    try:
        await _watch(worker, stop, on_pass)
    finally:
        listener.close()
        await worker.close()
        sockets.close()
        worker.peers.close()
        await asyncio.sleep(0)  # the connections' last callbacks use the arena
        arena.close()


async def _watch(worker: Worker, stop: asyncio.Event, on_pass: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.ensure_future(stop.wait())
    checks, worst_lag_s = 0, 0.0
    while not stopped.done():
        due = loop.time() + CHECK_S
        await asyncio.wait([stopped], timeout=CHECK_S)
        worst_lag_s = max(worst_lag_s, loop.time() - due)
        worker.check()
        on_pass()
        checks += 1
        if checks % CHECKS_PER_REPORT == 0:
            worker.report(1000 * max(0.0, worst_lag_s))
            worst_lag_s = 0.0
