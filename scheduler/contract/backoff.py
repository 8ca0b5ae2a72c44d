"""How long whoever lost a connection waits before the next try."""

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0
DOUBLINGS = 5


def backoff_s(attempt: int) -> float:
    """Seconds before another try; ``attempt`` counts from 0, the wait doubles up to the longest."""
    return min(FIRST_BACKOFF_S * 2.0 ** min(attempt, DOUBLINGS), LONGEST_BACKOFF_S)
