"""What this host holds, stored anew where Redis may have lost it: by a failover, or a start without its file.

Live sessions go on: their claims are stored anew by whatever is written for them (``events/transaction.py``),
and their events continue behind the last seq that readers saw. This adds what is written once only. What
other hosts hold by now is let go of.
"""

import asyncio
import logging

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import HeldElsewhere

from ..context import Context
from ..events.redis_store import STORE_ERRORS
from ..store.layout import LAYOUT

log = logging.getLogger(__name__)

AGAIN_S = 0.5


async def restate_when_unknown(context: Context, unknown: asyncio.Event) -> None:
    """Store anew what this host holds whenever Redis does not know the host, until cancelled."""
    while True:
        await unknown.wait()
        unknown.clear()
        try:
            await restate(context)
        except STORE_ERRORS as error:
            log.info("what this host holds could not be stored anew: %s", type(error).__name__)
            await asyncio.sleep(AGAIN_S)
            unknown.set()


async def restate(context: Context) -> None:
    """Store which sessions there are, what is asked for them and where their media are.

    Raises what Redis raises.
    """
    await context.redis.set(keys.LAYOUT, LAYOUT, nx=True)
    for session in context.registry:
        try:
            await context.registry.restate(session)
        except HeldElsewhere:
            context.sessions.let_go(session.session_id)
        else:
            if session.media is not None and session.session_id in context.registry:
                context.event_log.keep(session.session_id, session.media)
