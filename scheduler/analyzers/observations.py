"""When a stream's newest result is worth an event of its own."""

from collections.abc import Hashable


class ObservationPace:
    """At most ``rate`` observations per media second, but at once when what matters most has changed."""

    def __init__(self, rate: float) -> None:
        self._last_s: float | None = None
        self._key: Hashable = None
        self.apply(rate)

    def apply(self, rate: float) -> None:
        """Keep another pace from now on."""
        self._period = 1 / rate if rate > 0 else float("inf")

    def due(self, media_s: float, key: Hashable) -> bool:
        """Whether to tell now; ``key`` is what must not wait, such as a count."""
        first = self._last_s is None
        if not first and key == self._key and media_s - (self._last_s or 0.0) < self._period:
            return False
        self._last_s, self._key = media_s, key
        return True
