"""The layout of what lies in Redis: a daemon works only with what it understands.

``ml:layout`` holds a number, which goes up whenever an older daemon could no longer work beside a newer one
on the same Redis: another meaning or name of a key that hosts share, another script of theirs. What lies
there under an older number is taken over once no host of that number lives any more; what is under a later
one is left alone. Daemons that told no number yet count as 0.
"""

import contextlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from argusd.scheduler.contract import redis_keys as keys

from ..errors import LayoutMisfit

LAYOUT = 1
MOST_NAMED = 5


class Misfit(NamedTuple):
    """Why this daemon cannot work with what it found, and what helps."""

    why: str
    remedy: str


def misfit(found: bytes | None, others: Sequence[str]) -> Misfit | None:
    """What is wrong with what was found there, if anything. Pure.

    ``found``: what ``ml:layout`` holds; ``others``: the other hosts that live on that Redis.
    """
    number = int(found) if found is not None and found.isdigit() else 0
    if number > LAYOUT:
        why = f"a later argusd laid this Redis out (layout {number}, this one knows {LAYOUT})"
        return Misfit(why, "upgrade this host, or give it another Redis")
    if number < LAYOUT and others:
        named = ", ".join(others[:MOST_NAMED])
        why = f"hosts of an older argusd live on this Redis: {named} (layout {number}, this one has {LAYOUT})"
        return Misfit(why, "end all of them before the first newer one starts")
    return None


async def settle_layout(redis: Redis, host_id: str) -> None:
    """See that what lies there can be worked with, and have it be of our layout from now on.

    Raises:
        LayoutMisfit: it cannot be worked with.
        RedisError, OSError, TimeoutError: Redis does not answer.
    """
    found = cast(bytes | None, await redis.get(keys.LAYOUT))
    if found == str(LAYOUT).encode():
        return
    if wrong := misfit(found, await living(redis, host_id)):
        raise LayoutMisfit(f"{wrong.why}; {wrong.remedy}")
    with contextlib.suppress(ResponseError):  # it refuses to write, as /ready tells; the next start notes it
        await redis.set(keys.LAYOUT, LAYOUT)


async def living(redis: Redis, host_id: str) -> list[str]:
    """The other hosts that live there. One of layout 0 that drains is in neither list, and takes nothing."""
    listed = {*await redis.zrange(keys.HOSTS, 0, -1), *await redis.zrange(keys.BEATS, 0, -1)}
    return [each for each in others_in(listed, host_id) if await redis.exists(keys.host(each))]


def others_in(listed: Iterable[bytes], host_id: str) -> list[str]:
    """The hosts of a list but for this one, in order. Pure."""
    return sorted({raw_id.decode(errors="replace") for raw_id in listed} - {host_id})
