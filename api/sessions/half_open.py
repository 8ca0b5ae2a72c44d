"""Offers whose media have not come yet, by client: how many one may have at a time."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from argusd.ingest.ipc.messages import Place

from .registry import Registry


class HalfOpen:
    """From an offer until its media flow or are over; what has ended is forgotten when it is asked for."""

    def __init__(self, registry: Registry, most: int) -> None:
        self._registry = registry
        self._most = most
        self._answering: Counter[str] = Counter()  # offers by session; two may come for one at a time
        self._clients: dict[str, str] = {}

    @contextlib.contextmanager
    def answering(self, session_id: str, client: str) -> Iterator[None]:
        """Count an offer of this client as long as it is being answered, and then until its media flow."""
        self._clients[session_id] = client
        self._answering[session_id] += 1
        try:
            yield
        finally:
            self._answering -= Counter([session_id])

    def place_for(self, session_id: str, *, crowded: bool) -> Place | None:
        """Where a session that is being answered gets its place from; None where there is none to get.

        ``crowded``: no further one fits.
        """
        self._clients = {each: client for each, client in self._clients.items() if self._waits(each)}
        client = self._clients[session_id]
        if sum(owner == client for owner in self._clients.values()) > self._most:
            return "of_client"
        if not crowded:
            return "free"
        return "of_any" if len(self._clients) > 1 else None

    def _waits(self, session_id: str) -> bool:
        session = self._registry.find(session_id)
        return session_id in self._answering or (session is not None and session.state == "connecting")
