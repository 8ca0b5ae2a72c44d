"""A session's results read from Redis itself: by services that share it, also while the daemon is down."""

from argusd.api.events import history
from argusd.api.events.redis_store import STORE_ERRORS, connect
from argusd.scheduler.contract.errors import SessionNotFound, StoreUnavailable
from argusd.scheduler.contract.results import Results

from .errors import NotNow, NotThere

TIMEOUT_S = 2.0


async def stored_results(redis_url: str, session_id: str) -> Results:
    """What ``GET /sessions/{session_id}/results`` would answer.

    Raises:
        NotThere: nothing is known of such a session (any more).
        NotNow: Redis does not answer.
    """
    redis = connect(redis_url, TIMEOUT_S)
    try:
        found = await history.stored_results(redis, session_id)
    except STORE_ERRORS as error:
        raise NotNow("the event store does not answer", code=StoreUnavailable.code) from error
    finally:
        await redis.aclose()
    if found is None:
        raise NotThere("There is no such session.", code=SessionNotFound.code)
    return found
