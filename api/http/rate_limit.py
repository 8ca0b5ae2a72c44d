"""A token bucket for each key, in constant memory for keys that have calmed down."""


class RateLimit:
    """Allows ``per_minute`` on average, and half of it in one go. Times are monotonic seconds."""

    MAX_KEYS = 20_000

    def __init__(self, per_minute: int) -> None:
        self._rate = per_minute / 60
        self._burst = max(1.0, per_minute / 2)
        self._buckets: dict[str, tuple[float, float]] = {}

    def allow(self, key: str, now: float) -> bool:
        """Whether ``key`` may go on now; if so, it has used one token."""
        tokens, filled_at = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - filled_at) * self._rate)
        allowed = tokens >= 1
        # Keys stay in the order of their last use; the one longest unused goes first when there are too many.
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > self.MAX_KEYS:
            del self._buckets[next(iter(self._buckets))]
        return allowed
