"""The addresses of one daemon, or of several hosts that serve the same sessions."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from yarl import URL

Answer = TypeVar("Answer")


class Addresses:
    """``urls`` are separated by commas; ``current`` is asked until it fails, then the next one.

    Any host will do, each knows where a session is: ``https://a:8015,https://b:8015``.
    """

    def __init__(self, urls: str) -> None:
        self.all = tuple(url.strip().rstrip("/") for url in urls.split(",") if url.strip())
        if not self.all:
            raise ValueError("a daemon's address is http://host:port, several with commas between")
        self._turn = 0

    @property
    def current(self) -> str:
        """The one to ask."""
        return self.all[self._turn % len(self.all)]

    def at(self, path: str) -> URL:
        """The path there."""
        return URL(self.current).join(URL(path))

    async def first(
        self, ask: Callable[[URL], Awaitable[Answer]], path: str, gone: type[Exception]
    ) -> Answer:
        """The answer of the first that gives one, each asked once. Raises what the last one asked raises.

        ``gone``: what ``ask`` raises where nobody answers.
        """
        for _ in self.all[1:]:
            try:
                return await ask(self.at(path))
            except gone:
                self.turn()
        return await ask(self.at(path))

    def turn(self) -> None:
        """The current one has failed."""
        self._turn += 1
