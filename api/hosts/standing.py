"""How this host stands: what it tells the others at a beat."""

import time

from ..context import Context
from ..ops.readiness import media_lack
from .hosts import State


def standing(context: Context) -> State:
    """What there is to tell now."""
    intake, registry = context.intake, context.registry
    live = sum(session.active for session in registry)
    return State(room_of(context), live, intake.draining or intake.stopping, registry.taken())


def room_of(context: Context) -> int | None:
    """How many more sessions it can take and serve; None while it can serve none, or nobody knows.

    Figures are as old as they were told; what has come since is not in them.
    """
    registry, served, held = context.registry, context.schedulers.fits_more, context.workers.fits_more
    if served is None or held is None or any(media_lack(context)):
        return None
    now = time.monotonic()
    unserved = registry.uncounted(now, context.schedulers.told_at)
    unheld = registry.uncounted(now, context.workers.told_at)
    # Sessions over WebSockets take no place in ingest; here they do, so that they are spread as well.
    over_sockets = sum(bool(session.sockets) for session in registry)
    others = sum(not session.sockets for session in unheld)
    return min(served - len(unserved), held - over_sockets - others)
