"""Who reads events right now, how many may, and who was cut off for not taking them."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from argusd.scheduler.contract.errors import Overloaded, TooManyReaders


class Readers:
    """Counts event streams: those open, in all and of each client, and those cut off."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._by_client: Counter[str] = Counter()
        self.cut_off = 0

    @property
    def reading(self) -> int:
        """How many streams are open."""
        return self._by_client.total()

    @contextlib.contextmanager
    def one_more(self, client: str) -> Iterator[None]:
        """Count a client's stream for as long as it lasts.

        Raises:
            TooManyReaders: the client has as many as one may have.
            Overloaded: all clients together have.
        """
        if self._by_client[client] >= self._most_of_one:
            raise TooManyReaders(
                f"You have {self._most_of_one} event streams open, which is as many as one may have."
            )
        if self.reading >= self._most:
            raise Overloaded(f"The daemon serves {self._most} event streams, and takes no more.")
        self._by_client[client] += 1
        try:
            yield
        finally:
            self._by_client[client] -= 1
            self._by_client += Counter()  # drops the clients that have none
