"""All webhooks of the configuration."""

import asyncio
import time
from collections.abc import Iterator
from typing import Literal

import msgspec
from redis.asyncio import Redis

from ..config import ApiConfig
from ..events.feeds import Feeds
from ..events.history import History
from .config import WebhookConfig
from .delivery import Delivery
from .places import LeasedPlace, OwnPlace
from .receiver import Receiver
from .signing import read_keys

TOLD_AFTER_S = 60.0

State = Literal["delivering", "failing", "elsewhere"]


class WebhookView(msgspec.Struct, frozen=True):
    """A webhook as operators see it. ``elsewhere``: another host posts to it, or Redis is away.

    ``reason`` and ``failing_s``: why its receiver takes nothing, and for how long. ``behind``: events that it
    has not been offered yet. ``delivered``, ``refused``: messages, since this api began.
    """

    name: str
    state: State
    reason: str
    failing_s: float
    behind: int
    delivered: int
    refused: int
    failed: int


class Webhooks:
    """Posts events to each receiver, none of which waits for another one."""

    def __init__(self, config: ApiConfig, redis: Redis, feeds: Feeds) -> None:
        host_id = config.cluster.host_id if config.cluster else ""

        def delivery(webhook: WebhookConfig) -> Delivery:
            receiver = Receiver(webhook.url, read_keys(webhook))
            place = LeasedPlace(redis, webhook.name, host_id) if host_id else OwnPlace(redis, webhook.name)
            return Delivery(webhook, receiver, place, feeds, History(redis))

        self._deliveries = [delivery(each) for each in config.webhooks]

    async def run(self) -> None:
        """Post until cancelled."""
        await asyncio.gather(*(each.run() for each in self._deliveries))

    def views(self) -> list[WebhookView]:
        """Each, as it stands now."""
        return [view_of(each, time.monotonic()) for each in self._deliveries]

    def failing(self) -> Iterator[str]:
        """A sentence for each receiver that has taken nothing for a while."""
        for each in self.views():
            if each.failing_s >= TOLD_AFTER_S:
                yield f"the webhook {each.name} takes no events: {each.reason}"


def view_of(delivery: Delivery, now: float) -> WebhookView:
    """A webhook, as it stands now."""
    since, counts = delivery.failing_since, delivery.receiver.counts
    state: State = "elsewhere" if not delivery.here else "delivering" if since is None else "failing"
    failing_s = round(now - since, 1) if since is not None and delivery.here else 0.0
    return WebhookView(
        delivery.config.name,
        state,
        delivery.reason if state == "failing" else "",
        failing_s,
        delivery.behind,
        counts["delivered"],
        counts["refused"],
        counts["failed"],
    )
