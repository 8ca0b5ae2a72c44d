"""Wakes those who wait for events of a session, or of all."""

import asyncio
import contextlib
from collections.abc import Iterator

EVERYTHING = ""
"""The topic of all sessions; no session has an empty id."""


class Notifier:
    """A set of ``asyncio.Event`` for each topic. It tells that there is something, not what."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Event]] = {}

    @contextlib.contextmanager
    def listen(self, topic: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the topic is notified, for the time of the context."""
        event = asyncio.Event()
        self._listeners.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            listeners = self._listeners[topic]
            listeners.discard(event)
            if not listeners:
                del self._listeners[topic]

    def notify(self, topic: str) -> None:
        """Wake all listeners of the topic."""
        for event in self._listeners.get(topic, ()):
            event.set()

    def notify_all(self) -> None:
        """Wake everybody, because the process is about to end."""
        for topic in self._listeners:
            self.notify(topic)
