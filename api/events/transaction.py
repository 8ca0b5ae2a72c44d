"""One write into Redis: all of it is stored, or nothing.

On the only host it is a MULTI whose numbers this process knows, since nobody else writes. Where several hosts
share the Redis it is a script. That lets a session's commands pass only if this host holds the session, under
the epoch it believes, and numbers the events among all hosts'. So two writers lose and double nothing, and a
host that was cut off cannot write into what another one holds by now. A claim of which nothing is left, not
even its epoch, is one that Redis has lost: the host that writes for the session stores it anew.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from argusd.scheduler.contract import redis_keys as keys

PIECE = 1000  # arguments: a script hands no more than some thousands on

# KEYS: all sessions' events, then the claim of each session. ARGV: this host, and as msgpack the sessions
# (each its id, epoch, events' key and last seq, empty where no event comes) and the steps (each the index of
# its session, 0 for none, its kind and its arguments); the channel that hears which sessions have been
# written for; how long a claim lasts that Redis has lost and that this host stores anew, 0 where it may not;
# the place behind which all sessions' events go on at least, should Redis have lost what was there; and a key
# to which nothing is written. A Redis that takes no writes, for want of memory say, refuses that one first,
# before it lets some of the others pass. Nothing is written before everything is checked. A command that
# Redis refuses holds none of the others up, as in a MULTI: what is half stored would come again.
STORE = """
local failed
local function try(...)
  local answer = redis.pcall(...)
  if type(answer) == 'table' and answer.err then failed = failed or answer.err end
end
local told = cmsgpack.unpack(ARGV[2])
local refused, held, news, gone = {}, {[0] = true}, {}, {}
for index, session in ipairs(told[1]) do
  local claim = redis.call('HMGET', KEYS[index + 1], 'host', 'epoch')
  local is_gone = not claim[1] and not claim[2] and session[2] ~= '' and ARGV[4] ~= '0'
  if is_gone or (claim[1] == ARGV[1] and claim[2] == session[2]) then
    if session[4] ~= '' then
      local newest = redis.call('XREVRANGE', session[3], '+', '-', 'COUNT', 1)[1]
      if (newest and string.match(newest[1], '^%d+') or '0') ~= session[4] then return {'stale'} end
    end
    held[index] = true
    if is_gone then gone[#gone + 1] = index end
    news[#news + 1] = session[1]
  else
    refused[#refused + 1] = session[1]
  end
end
redis.call('SETRANGE', ARGV[6], 0, '')
for _, index in ipairs(gone) do
  redis.call('HSET', KEYS[index + 1], 'host', ARGV[1], 'epoch', told[1][index][2])
  redis.call('EXPIRE', KEYS[index + 1], ARGV[4])
end
local stream = redis.pcall('XINFO', 'STREAM', KEYS[1])
local place = tonumber(ARGV[5])
for index = 1, #stream, 2 do
  if stream[index] == 'last-generated-id' then
    place = math.max(place, tonumber(string.match(stream[index + 1], '^%d+')))
  end
end
for _, step in ipairs(told[2]) do
  if held[step[1]] then
    local kind, args = step[2], step[3]
    if kind == 'skip' then place = place + tonumber(args[1])
    elseif kind == 'event' then
      place = place + 1
      local id, seq = args[1], args[3]
      try('XADD', args[2], 'MAXLEN', '~', args[5], seq .. '-0', 'e', args[4], 'p', place)
      try('XADD', KEYS[1], 'MAXLEN', '~', args[6], string.format('%d-0', place), 's', id, 'q', seq)
    else try(unpack(args)) end
  end
end
if failed then return {'failed', failed} end
if #news > 0 then redis.call('PUBLISH', ARGV[3], table.concat(news, ' ')) end
return {'stored', place, unpack(refused)}
"""


class Fence(Protocol):
    """What this host holds; see ``hosts/claims.py``."""

    @property
    def host_id(self) -> str:
        """This host."""

    @property
    def restored_s(self) -> int:
        """How long a claim of its own lasts that Redis has lost; 0 where that may have ended by itself."""

    def epoch(self, session_id: str) -> int | None:
        """Under which epoch it holds the session; None: it does not."""

    def moment(self) -> int:
        """The present, as a number that only grows."""

    def not_held(self, session_ids: Iterable[str], asked_at: int) -> None:
        """It does not hold these sessions, as Redis says to what was asked at that moment."""


class Kept(NamedTuple):
    """How many events are kept, of a session and of all."""

    per_session: int
    overall: int


class Stored(NamedTuple):
    """What became of a write: the sessions that another host holds, of which nothing was stored; and where
    the newest event of all sessions is.
    """

    refused: frozenset[str]
    place: int


class Transaction(Protocol):
    """Commands of sessions, gathered and then executed together."""

    sessions: set[str]

    def add(self, session_id: str, *command: Any) -> None:
        """A command for a session; without an id it passes wherever the session is."""

    def event(self, session_id: str, seq: int, body: bytes) -> None:
        """An event of a session."""

    def follows(self, session_id: str, seq: int) -> None:
        """What is stored of a session is believed to end with this event, 0 for none."""

    def skip(self, session_id: str, count: int) -> None:
        """So many events of a session were lost."""

    async def execute(self) -> Stored:
        """Store all of it."""


class Multi:
    """On the only host. ``overall`` gives the next number of all sessions' events."""

    def __init__(self, redis: Redis, kept: Kept, overall: Callable[[int], int]) -> None:
        self.sessions: set[str] = set()
        self._pipe = redis.pipeline(transaction=True)
        self._kept = kept
        self._overall = overall

    def add(self, session_id: str, *command: Any) -> None:
        """See ``Transaction``."""
        self.sessions.add(session_id)
        self._pipe.execute_command(*command)

    def event(self, session_id: str, seq: int, body: bytes) -> None:
        """See ``Transaction``."""
        self.sessions.add(session_id)
        place, (kept, overall) = self._overall(1), self._kept
        self._pipe.xadd(keys.events(session_id), {"e": body, "p": place}, id=f"{seq}-0", maxlen=kept)
        self._pipe.xadd(keys.ALL_EVENTS, {"s": session_id, "q": seq}, id=f"{place}-0", maxlen=overall)

    def follows(self, session_id: str, seq: int) -> None:
        """See ``Transaction``: there is nobody else."""

    def skip(self, session_id: str, count: int) -> None:  # noqa: ARG002
        """See ``Transaction``."""
        self._overall(count)

    async def execute(self) -> Stored:
        """See ``Transaction``."""
        async with self._pipe as pipe:
            await pipe.execute()
        return Stored(frozenset(), self._overall(0))


class Fenced:
    """On one host of several. ``place``: where the newest event of all sessions was that it knows of."""

    def __init__(self, redis: Redis, kept: Kept, fence: Fence, place: int = 0) -> None:
        self.sessions: set[str] = set()
        self._script = redis.register_script(STORE)
        self._kept = kept
        self._fence = fence
        self._place = place
        self._indices: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._steps: list[tuple[int, str, list[str]]] = []

    def add(self, session_id: str, *command: Any) -> None:
        """See ``Transaction``."""
        self.sessions.add(session_id)
        self._step(session_id, "command", command)

    def event(self, session_id: str, seq: int, body: bytes) -> None:
        """See ``Transaction``."""
        self.sessions.add(session_id)
        self._step(session_id, "event", (session_id, keys.events(session_id), seq, body, *self._kept))

    def follows(self, session_id: str, seq: int) -> None:
        """See ``Transaction``."""
        self._before.setdefault(session_id, seq)

    def skip(self, session_id: str, count: int) -> None:
        """See ``Transaction``."""
        self._step(session_id, "skip", (count,))

    async def execute(self) -> Stored:
        """See ``Transaction``.

        Raises:
            RedisError: it is not stored; another host may have written meanwhile, so that it is read anew.
        """
        asked_at = self._fence.moment()
        sessions = [
            (each, str(self._fence.epoch(each) or ""), keys.events(each), str(self._before.get(each, "")))
            for each in self._indices
        ]
        told = msgspec.msgpack.encode((sessions, self._steps))
        claims = [keys.holder(each) for each in self._indices]
        fence = self._fence
        verdict, *found = await self._script(
            keys=[keys.ALL_EVENTS, *claims],
            args=[fence.host_id, told, keys.NEWS, fence.restored_s, self._place, keys.LAYOUT],
        )
        if verdict == b"failed":
            raise ResponseError(found[0].decode(errors="replace"))
        if verdict != b"stored":
            raise RedisError("another host has written into a session of this one's")
        place, *others = found
        refused = frozenset(each.decode() for each in others)
        fence.not_held(refused, asked_at)
        return Stored(refused, place)

    def _step(self, session_id: str, kind: str, args: tuple[Any, ...]) -> None:
        index = self._indices.setdefault(session_id, len(self._indices) + 1) if session_id else 0
        self._steps.append((index, kind, [as_text(each) for each in args]))


def commands_only(redis: Redis, fence: Fence | None) -> Transaction:
    """A transaction for commands, and no events."""
    none = Kept(0, 0)
    return Fenced(redis, none, fence) if fence else Multi(redis, none, lambda _: 0)


def as_text(argument: Any) -> str:
    """A command's argument, as Redis would take it."""
    return argument.decode() if isinstance(argument, bytes) else str(argument)
