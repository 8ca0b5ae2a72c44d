"""Wakes the readers of events that other hosts store.

Who stores events says so on a channel (``redis_keys.NEWS``). A message may be lost, and the channel with its
connection, so the newest positions of what is read here are asked for every second as well.
"""

import asyncio
import logging

from redis.asyncio import Redis

from argusd.scheduler.contract import redis_keys as keys

from ..hosts.claims import Claims
from .feeds import Feeds
from .frames import EVERYTHING
from .history import History
from .redis_store import STORE_ERRORS

log = logging.getLogger(__name__)

POLL_EVERY_S = 1.0
LISTEN_AGAIN_S = 1.0
WAIT_S = 5.0


class News:
    """Tells ``feeds`` of what this host has not stored itself. ``redis``: a connection for the channel."""

    def __init__(self, redis: Redis, history: History, feeds: Feeds, claims: Claims) -> None:
        self._redis = redis
        self._history = history
        self._feeds = feeds
        self._claims = claims
        self._newest: dict[str, int] = {}

    async def run(self) -> None:
        """Listen and ask, until cancelled."""
        await asyncio.gather(self._listen(), self._poll())

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(keys.NEWS)
                    while True:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=WAIT_S)
                        if message is not None:
                            self.heard(message["data"])
            except STORE_ERRORS as error:
                log.info("other hosts' events are asked for only: %s", type(error).__name__)
            await asyncio.sleep(LISTEN_AGAIN_S)

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_EVERY_S)
            try:
                await self.poll()
            except STORE_ERRORS as error:
                log.info("other hosts' events cannot be asked for: %s", type(error).__name__)

    def heard(self, message: bytes) -> None:
        """Another host, or this one, has stored events of these sessions."""
        others = [each for each in message.decode(errors="replace").split() if self._is_others(each)]
        if others:
            self._feeds.stored(others)

    async def poll(self) -> None:
        """Wake the readers whose events have become more; end the streams of what was erased meanwhile.

        Raises what Redis raises.
        """
        topics = [topic for topic in self._feeds.topics if topic == EVERYTHING or self._is_others(topic)]
        found = dict(zip(topics, await self._history.newest_of(topics), strict=True)) if topics else {}
        before, self._newest = self._newest, found
        for topic, newest in found.items():
            is_less = topic in before and newest < before[topic] and topic != EVERYTHING
            if is_less and not await self._claims.is_lost(topic):
                self._feeds.erased(topic)
            elif newest != before.get(topic):
                self._feeds.told(topic)

    def _is_others(self, session_id: str) -> bool:
        return self._claims.epoch(session_id) is None
