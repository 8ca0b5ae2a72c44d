"""A session's results read from Redis itself: by services that share it, also while the daemon is down."""

from typing import cast

import msgspec

from argusd.api import keys
from argusd.api.redis_store import STORE_ERRORS, connect
from argusd.api.results import Results, read_results
from argusd.api.session import Media

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
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hexists(keys.SESSIONS, session_id)
            pipe.hget(keys.MEDIA, session_id)
            pipe.hgetall(keys.results(session_id))
            known, media, fields = await pipe.execute()
    except STORE_ERRORS as error:
        raise NotNow("the event store does not answer", code="store_unavailable") from error
    finally:
        await redis.aclose()
    if not (known or media or fields):
        raise NotThere("There is no such session.", code="session_not_found")
    state = msgspec.json.decode(media, type=Media).phase if media else "created"
    return read_results(session_id, state, cast(dict[bytes, bytes], fields))
