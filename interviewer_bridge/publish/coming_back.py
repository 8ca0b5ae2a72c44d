"""When a publisher publishes again: what counts as a loss, and after which wait it tries. Pure."""

from argusd.scheduler.contract.events import Event, Gap
from argusd.scheduler.contract.http import FIRST_BACKOFF_S, backoff_s

from ..errors import BridgeError, HolderUnreachable, Refused, Unreachable

# Endings that are not ours, and after which another host, or the same one, may do.
LOSSES = ("silent", "shutdown")
NOT_NOW = (429, 503)
STEADY_S = 30.0
"""A publication that lasted so long has ended an earlier loss: the next one has all its time again."""


def is_loss(event: Event | Gap, after: int) -> bool:
    """Whether it says that the publication whose events lie behind ``after`` is lost."""
    if isinstance(event, Gap) or event.type != "session" or event.seq <= after:
        return False
    return event.name == "session_lost" or (event.name == "closed" and event.data.get("reason") in LOSSES)


def wait_before_first(error: BridgeError, attempt: int, left_s: float, *, hosts: int) -> float | None:
    """Seconds until a daemon that has no room is asked again, or another of its hosts; None: not at all."""
    if isinstance(error, HolderUnreachable):
        wait_s = backoff_s(attempt)
        return wait_s if wait_s <= left_s else None
    if isinstance(error, Unreachable):
        return backoff_s(attempt) if attempt + 1 < hosts else None
    if not (isinstance(error, Refused) and error.status in NOT_NOW) or error.retry_after_s is None:
        return None
    return error.retry_after_s if error.retry_after_s <= left_s else None


def wait_before_again(error: BridgeError, attempt: int, left_s: float) -> float | None:
    """Seconds until what was lost is offered again; None where the daemon forbids it, or time is over.

    Who does not answer, or faultily, may be the lost host, before the others know that it is.
    """
    wait_s = backoff_s(attempt)
    if isinstance(error, Refused):
        if error.status < 500 and error.status not in NOT_NOW:
            return None
        wait_s = max(error.retry_after_s or wait_s, FIRST_BACKOFF_S)
    return wait_s if wait_s <= left_s else None
