"""A session's results when its media is over: from the daemon, or straight from its Redis."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from argusd.scheduler.contract.results import Results
from argusd.scheduler.contract.sessions import ACTIVE

# A peer that just vanished is missed for this long before its session counts as over.
WITHIN_S = 15.0
LOOK_EVERY_S = 0.25

ReadResults = Callable[[], Awaitable[Results]]


async def finalize(read: ReadResults, within_s: float = WITHIN_S) -> Results:
    """The results as soon as no more will come; after ``within_s`` seconds those of that moment.

    Their ``state`` tells which: ``closed``, ``lost`` or ``created`` (there was no media) are final.

    Raises:
        OrchestratorError: they cannot be read.
    """
    deadline = time.monotonic() + within_s
    while True:
        results = await read()
        if results.state not in ACTIVE or time.monotonic() >= deadline:
            return results
        await asyncio.sleep(LOOK_EVERY_S)
