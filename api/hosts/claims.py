"""Whose a session is: one host holds it, and an epoch counts its holders.

Who holds a session is decided by a script in Redis, so that two hosts that ask at once get the same answer. A
holder that is alive keeps the session; else the host with the most room gets it, under the next epoch. The
room of the chosen one is less by one from then on, so that many that ask at once are spread: the session is
listed as coming until the host tells of it, or nobody has come for a while (``beats.py``).

A session that was placed has two minutes to come. Once it is stored (``sessions/registry.py``) its claim
lasts for hours and is renewed; what never comes, because it was refused or nobody followed, is placed anew.

Everything that a host writes for a session names host and epoch, and is refused where either has passed on:
a host that was cut off cannot write into what others hold by now.

Answers come over several connections, and not in the order in which Redis gave them. What one says of another
holder counts only where this host has not heard since it asked that it holds the session itself: it may have
taken it back. Epochs alone would not tell, as a Redis that has lost them begins anew.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import Overloaded

from ..events.redis_store import STORE_ERRORS, refused_while_away
from .beats import LOOKED_AT, NOW

log = logging.getLogger(__name__)

CLAIM_S = 6 * 3600
PLACED_S = 120
RENEW_EVERY_S = 600.0
AT_A_TIME = 500  # sessions of a host, in what is asked of them all: Redis answers others in between
COMING_S = 40  # who is sent to a host comes within the life of a ticket, and is answered within ten seconds

# KEYS: the claim, ml:hosts. ARGV: the session, the seconds it has to come, how long its room is kept (ms),
# what stands before a host in the name of its beat and behind it in that of what is coming, how many hosts
# are looked at, the one host that is asked for, whose room does not matter ("": any), then hosts to avoid.
CLAIM = f"""{NOW}
local session, placed_s, coming_ms, prefix, suffix, looked_at, only = unpack(ARGV, 1, 7)
local held = redis.call('HMGET', KEYS[1], 'host', 'epoch')
local avoid = {{}}
for index = 8, #ARGV do avoid[ARGV[index]] = true end
local function alive(host) return redis.call('EXISTS', prefix .. host) == 1 end
if held[1] and not avoid[held[1]] and alive(held[1]) then
  if redis.call('TTL', KEYS[1]) < tonumber(placed_s) then redis.call('EXPIRE', KEYS[1], placed_s) end
  return {{held[1], tonumber(held[2])}}
end
if held[1] then redis.call('ZREM', prefix .. held[1] .. suffix, session) end
local hosts = only ~= '' and {{only}} or redis.call('ZREVRANGE', KEYS[2], 0, looked_at - 1)
for _, host in ipairs(hosts) do
  if not alive(host) then redis.call('ZREM', KEYS[2], host)
  elseif not avoid[host] then
    if only == '' and tonumber(redis.call('ZSCORE', KEYS[2], host)) <= 0 then return false end
    redis.call('ZADD', KEYS[2], 'XX', 'INCR', -1, host)
    redis.call('ZADD', prefix .. host .. suffix, now + coming_ms, session)
    redis.call('PEXPIRE', prefix .. host .. suffix, coming_ms)
    local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
    redis.call('HSET', KEYS[1], 'host', host)
    redis.call('EXPIRE', KEYS[1], placed_s)
    return {{host, epoch}}
  end
end
return false
"""

# KEYS: the claim, the holder's beat, the index of what the taker holds. ARGV: whose it was believed to be and
# its epoch, the taker, the claim's seconds, the session. A holder that beats again keeps what it holds.
TAKE_OVER = """
local held = redis.call('HMGET', KEYS[1], 'host', 'epoch')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] or redis.call('EXISTS', KEYS[2]) == 1 then return false end
local epoch = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
redis.call('HSET', KEYS[1], 'host', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('SADD', KEYS[3], ARGV[5])
return epoch
"""

# KEYS: the claim. ARGV: whose it is believed to be, and its epoch. The epoch stays: it never goes back.
RELEASE = """
local held = redis.call('HMGET', KEYS[1], 'host', 'epoch')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], 'host')
"""


class Claim(NamedTuple):
    """A session's holder, and the how manieth it is."""

    host_id: str
    epoch: int


class Found(NamedTuple):
    """What Redis has of a claim: no host where it was released, no epoch where it ended or is lost."""

    host_id: str | None
    epoch: int | None

    @property
    def claim(self) -> Claim | None:
        """The claim, where there is one."""
        return Claim(self.host_id, self.epoch) if self.host_id and self.epoch else None


class Hold(NamedTuple):
    """The epoch under which this host holds a session, and the moment at which it last heard so."""

    epoch: int
    heard_at: int


class Claims:
    """Claims for all hosts, and the memory of what this one holds."""

    def __init__(self, redis: Redis, host_id: str) -> None:
        self._redis = redis
        self.host_id = host_id
        self._held: dict[str, Hold] = {}
        self._moments = count()
        self._renewed_at = time.monotonic()
        self._claim = redis.register_script(CLAIM)
        self._take_over = redis.register_script(TAKE_OVER)
        self._release = redis.register_script(RELEASE)

    @property
    def restored_s(self) -> int:
        """How long a claim of this host's lasts that Redis has lost; 0: it may have ended, unrenewed."""
        return CLAIM_S if time.monotonic() - self._renewed_at < CLAIM_S / 2 else 0

    def epoch(self, session_id: str) -> int | None:
        """The epoch under which this host holds the session; None: it does not, as far as it knows."""
        hold = self._held.get(session_id)
        return hold and hold.epoch

    def moment(self) -> int:
        """The present, as a number that only grows: when something is asked, see ``not_held``."""
        return next(self._moments)

    async def claim(self, session_id: str, avoid: Sequence[str] = (), only: str = "") -> Claim:
        """The session's holder: a living one, else a new one with room that is none to ``avoid``.

        ``only``: the one host that may become the new holder; whether it has room it knows best itself.

        Raises:
            Overloaded: no host has room.
            StoreUnavailable: Redis does not answer.
        """
        prefix, suffix = keys.coming("*").split("*")
        args: list[str | int] = [session_id, PLACED_S, COMING_S * 1000, prefix, suffix]
        args += [LOOKED_AT + len(avoid), only, *avoid]
        asked_at = self.moment()
        with refused_while_away():
            found = await self._claim(keys=[keys.holder(session_id), keys.HOSTS], args=args)
        if not found:
            raise Overloaded("No host has room for another session.")
        return self._known(session_id, Claim(found[0].decode(), int(found[1])), asked_at)

    async def holder(self, session_id: str) -> Claim | None:
        """The session's holder, be it dead; None where there is none.

        What this host holds it goes on to hold where Redis has lost the claim, and stores that anew.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        asked_at = self.moment()
        with refused_while_away():
            (found,) = await self._read([session_id])
        if found.claim is None and found.epoch is not None:
            self.not_held([session_id], asked_at)  # it was released
        return found.claim and self._known(session_id, found.claim, asked_at)

    async def is_lost(self, session_id: str) -> bool:
        """Whether nothing is there of the session's claim, whose epoch outlives the session.

        Raises what Redis raises.
        """
        (found,) = await self._read([session_id])
        return found.epoch is None

    async def held_of(self, session_ids: Sequence[str]) -> list[str]:
        """Those of the sessions that this host holds. Raises what Redis raises."""
        asked_at = self.moment()
        for session_id, found in zip(session_ids, await self._read(session_ids), strict=True):
            if found.claim is not None:
                self._known(session_id, found.claim, asked_at)
        return [each for each in session_ids if each in self._held]

    async def gone(self, session_ids: Sequence[str]) -> list[str]:
        """Those of the sessions that another host holds, or has held and released since.

        A claim of which nothing is left is one that Redis has lost. Raises what Redis raises.
        """
        asked_at = self.moment()
        found = zip(session_ids, await self._read(session_ids), strict=True)
        others = [each for each, one in found if one.epoch is not None and one.host_id != self.host_id]
        self.not_held(others, asked_at)
        return [each for each in others if each not in self._held]

    async def _read(self, session_ids: Sequence[str]) -> list[Found]:
        answers = []
        for some in _pieces(session_ids):
            async with self._redis.pipeline(transaction=False) as pipe:
                for session_id in some:
                    pipe.hmget(keys.holder(session_id), "host", "epoch")
                answers += await pipe.execute()
        return [Found(host and host.decode(), epoch and int(epoch)) for host, epoch in answers]

    async def take_over(self, session_id: str, dead: Claim) -> Claim | None:
        """Hold what a dead host held; None where another one was quicker, or it is back.

        Raises what Redis raises.
        """
        args: list[str | int] = [*dead, self.host_id, CLAIM_S, session_id]
        used = [keys.holder(session_id), keys.host(dead.host_id), keys.held(self.host_id)]
        asked_at = self.moment()
        epoch = await self._take_over(keys=used, args=args)
        return self._known(session_id, Claim(self.host_id, int(epoch)), asked_at) if epoch else None

    async def release(self, session_id: str) -> None:
        """Hold the session no longer, so that the next one that asks is placed anew. Never fails."""
        hold = self._held.pop(session_id, None)
        if hold is None:
            return
        try:
            await self._release(keys=[keys.holder(session_id)], args=[self.host_id, hold.epoch])
        except STORE_ERRORS:
            log.info("a session could not be released; its claim ends by itself")

    def forget(self, session_id: str) -> None:
        """Nobody holds the session any more."""
        self._held.pop(session_id, None)

    def not_held(self, session_ids: Iterable[str], asked_at: int) -> None:
        """Redis says that this host does not hold these sessions, to who asked at that moment."""
        for session_id in session_ids:
            hold = self._held.get(session_id)
            if hold is not None and hold.heard_at < asked_at:
                del self._held[session_id]

    async def run(self, came: Callable[[str], bool]) -> None:
        """Renew what this host holds, until cancelled. ``came``: whether a session has come to it."""
        placed: set[str] = set()
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            placed = await self.renew(came, placed)

    async def renew(self, came: Callable[[str], bool], placed: set[str]) -> set[str]:
        """Renew what has come; the sessions that have not, to be forgotten the next time like ``placed``."""
        for session_id in [each for each in placed if not came(each)]:
            self.forget(session_id)
        coming = {each for each in self._held if not came(each)}
        try:
            for some in _pieces([*self._held.keys() - coming]):
                async with self._redis.pipeline(transaction=False) as pipe:
                    for session_id in some:
                        pipe.expire(keys.holder(session_id), CLAIM_S)
                    await pipe.execute()
            self._renewed_at = time.monotonic()
        except STORE_ERRORS:
            log.info("claims could not be renewed; they are tried again long before they end")
        return coming

    def _known(self, session_id: str, claim: Claim, asked_at: int) -> Claim:
        if claim.host_id == self.host_id:
            self._held[session_id] = Hold(claim.epoch, self.moment())
        else:
            self.not_held([session_id], asked_at)
        return claim


def _pieces(session_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(session_ids), AT_A_TIME):
        yield session_ids[begin : begin + AT_A_TIME]
