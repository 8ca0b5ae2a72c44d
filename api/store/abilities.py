"""What a configured Redis has to be able to do.

It is asked once, at the start: without this nothing would work later, and nothing would say why.
"""

from redis.asyncio import Redis
from redis.exceptions import ClusterCrossSlotError, ClusterDownError, MovedError, NoPermissionError

from argusd.scheduler.contract import redis_keys as keys

from ..errors import RedisUnfit
from ..hosts.beats import NOW

OF_TWO_SLOTS = (keys.LAYOUT, keys.ALL_EVENTS)
A_CLUSTER, NO_CLUSTER = "a Redis Cluster, which takes no transaction over all keys", "name one primary"
LACKING = "the user of api.redis_url may not do all that is needed ({}); docs/cluster.md has what it needs"


async def check_abilities(redis: Redis, *, scripts: bool) -> None:
    """See that this Redis takes transactions over all keys, and where ``scripts`` is set runs scripts for us.

    Raises:
        RedisUnfit: it does not.
        RedisError, OSError, TimeoutError: it does not answer.
    """
    try:
        await redis.exists(*OF_TWO_SLOTS)
        if scripts:
            await redis.register_script(f"{NOW} return now")()
    except (ClusterCrossSlotError, ClusterDownError, MovedError) as error:
        raise RedisUnfit(f"api.redis_url names {A_CLUSTER}; {NO_CLUSTER}") from error
    except NoPermissionError as error:
        raise RedisUnfit(LACKING.format(error)) from error
