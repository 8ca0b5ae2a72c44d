"""A session's results read from Redis itself: by services that share it, also while the daemon is down."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from argusd.scheduler.contract.errors import SessionNotFound, StoreUnavailable
from argusd.scheduler.contract.results import Results, read_results, stage_results

from .errors import NotNow, NotThere

TIMEOUT_S = 2.0


async def stored_results(redis_url: str, session_id: str) -> Results:
    """What ``GET /sessions/{session_id}/results`` would answer.

    Raises:
        NotThere: nothing is known of such a session (any more).
        NotNow: Redis does not answer.
    """
    redis = Redis.from_url(
        redis_url,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        async with redis.pipeline(transaction=True) as pipe:
            stage_results(pipe, session_id)
            found = read_results(session_id, *await pipe.execute())
    except (RedisError, OSError, TimeoutError) as error:
        raise NotNow("the event store does not answer", code=StoreUnavailable.code) from error
    finally:
        await redis.aclose()
    if found is None:
        raise NotThere("There is no such session.", code=SessionNotFound.code)
    return found
