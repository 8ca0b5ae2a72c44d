"""Who reads events right now, and who was cut off for not taking them."""

import contextlib
from collections.abc import Iterator


class Readers:
    """Counts of open event streams, and of those ended because their reader lagged."""

    def __init__(self) -> None:
        self.reading = 0
        self.cut_off = 0

    @contextlib.contextmanager
    def one_more(self) -> Iterator[None]:
        """Count a stream for as long as it lasts."""
        self.reading += 1
        try:
            yield
        finally:
            self.reading -= 1
