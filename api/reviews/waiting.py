"""What of each session waits for a look, remembered until an event changes it.

Redis has the facts: the counts of violations, which match their events, and the reviews. They are read again
for those sessions only of which a violation's event or a review has been stored meanwhile, so that a page
that asks every second costs next to nothing, however many sessions there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.results import Violation, readable
from argusd.scheduler.contract.reviews.queue import Waiting
from argusd.scheduler.contract.reviews.reviews import Review

READ_AT_A_TIME = 200


class WaitingReviews:
    """``changed`` is told of every such event; what is remembered is bounded by the sessions asked about."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._known: dict[str, Waiting] = {}
        self._reading: set[str] = set()

    def changed(self, session_ids: Iterable[str]) -> None:
        """Something of these sessions has been stored, or they are gone."""
        for session_id in session_ids:
            self._known.pop(session_id, None)
            self._reading.discard(session_id)

    async def of(self, session_ids: Sequence[str]) -> Mapping[str, Waiting]:
        """What waits in each of these sessions, as of now."""
        found = {each: self._known[each] for each in session_ids if each in self._known}
        unknown = [each for each in session_ids if each not in found]
        for begin in range(0, len(unknown), READ_AT_A_TIME):
            found |= await self._read(unknown[begin : begin + READ_AT_A_TIME])
        return found

    async def _read(self, session_ids: Sequence[str]) -> dict[str, Waiting]:
        self._reading |= set(session_ids)
        async with self._redis.pipeline(transaction=False) as pipe:
            for session_id in session_ids:
                pipe.hgetall(keys.results(session_id))
                pipe.hvals(keys.reviews(session_id))
            answers = await pipe.execute(raise_on_error=False)
        pairs = zip(session_ids, answers[::2], answers[1::2], strict=True)
        found = {session_id: waiting_of(results, reviews) for session_id, results, reviews in pairs}
        # What has changed while it was read is not remembered.
        self._known |= {each: waiting for each, waiting in found.items() if each in self._reading}
        self._reading -= set(session_ids)
        return found


def waiting_of(results: Any, reviews: Any) -> Waiting:
    """What waits, by Redis' answers; what cannot be read counts for nothing."""
    fields = results.items() if isinstance(results, dict) else ()
    counted = [readable(body, Violation) for field, body in fields if field.startswith(b"violation:")]
    violations = [each for each in counted if each is not None]
    made = [readable(body, Review) for body in (reviews if isinstance(reviews, list) else ())]
    decided = sum(review is not None and review.state != "open" for review in made)
    return Waiting(
        going_on=sum(each.open_since_s is not None for each in violations),
        unreviewed=max(0, sum(each.count for each in violations) - decided),
        last_at=max((each.last_at for each in violations if each.last_at is not None), default=None),
    )
