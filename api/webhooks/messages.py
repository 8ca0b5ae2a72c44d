"""What a receiver gets: an event as a message, ``{type, timestamp, data}``.

The id of a message is made of what it says, so that it is the same however often and by whichever host it is
sent: a receiver that keeps the ids it has seen takes each event once.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.results import readable

from ..events.frames import Page, data_of
from .config import WebhookConfig

ID_DIGITS = 32


class Message(NamedTuple):
    """What is posted. ``position``: of its event among all; ``session_id``: empty where it is about none."""

    position: int
    session_id: str
    message_id: str
    body: bytes


def messages(config: WebhookConfig, page: Page, after: int) -> Iterator[Message]:
    """The page's events beyond a position that the webhook wants, and where events are missing a gap."""
    for position, frame in page.frames:
        if position <= after:
            continue
        if missed := position - after - 1:
            yield gap_message(position - 1, missed)
        after = position
        body = data_of(frame)
        event = readable(body, Event)
        if event is not None and wants(config, event):
            yield event_message(position, event, body)
    if page.end > after:
        yield gap_message(page.end, page.end - after)


def wants(config: WebhookConfig, event: Event) -> bool:
    """Whether the webhook is to get this event."""
    return (
        event.type in config.types
        and (not config.names or event.name in config.names)
        and event.session_id.startswith(config.session_prefix)
    )


def event_message(position: int, event: Event, body: bytes) -> Message:
    """An event that is stored as ``body``."""
    kind = f"{event.type}.{event.name}.{event.state}"
    message_id = f"evt_{hashlib.sha256(body).hexdigest()[:ID_DIGITS]}"
    return Message(
        position, event.session_id, message_id, encoded(kind, event.captured_at, msgspec.Raw(body))
    )


def gap_message(position: int, missed: int) -> Message:
    """That so many events up to a position were erased, lost, or too old when their turn came."""
    now = datetime.now(UTC).timestamp()
    return Message(position, "", f"gap_{position}", encoded("gap", now, {"missed": missed}))


def encoded(kind: str, at: float, data: Any) -> bytes:
    """The body of a message; ``at``: unix seconds."""
    timestamp = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    return msgspec.json.encode({"type": kind, "timestamp": timestamp, "data": data})
