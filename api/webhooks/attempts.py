"""What an answer of a receiver means, and when it is tried again. Pure.

Who does not answer, or answers with anything but 2xx, is ``away``: everything waits for it. Only an answer
that is about this one message, that it is malformed or too large, lets the next ones come: it is tried
``TRIES`` times.
"""

from typing import Literal, NamedTuple

TRIES = 5
ABOUT_THE_MESSAGE = frozenset({400, 413, 422})
SHORTEST_S, LONGEST_S = 1.0, 300.0


class Outcome(NamedTuple):
    """How an attempt went; ``reason`` is empty for what was taken, ``wait_s`` what the receiver asks for."""

    verdict: Literal["taken", "refused", "away"]
    reason: str = ""
    wait_s: float = 0.0


def outcome_of(status: int, retry_after: str | None = None) -> Outcome:
    """What an HTTP status says; a redirect is none of ours to follow."""
    if 200 <= status < 300:
        return Outcome("taken")
    reason = f"it answers {status}"
    if status in ABOUT_THE_MESSAGE:
        return Outcome("refused", reason)
    seconds = float(retry_after) if retry_after is not None and retry_after.isdecimal() else 0.0
    return Outcome("away", reason, min(seconds, LONGEST_S))


def pause_s(failures: int, share: float) -> float:
    """How long is waited after so many failures in a row; ``share``, 0..1, keeps many from coming at once."""
    longest = min(LONGEST_S, SHORTEST_S * 2.0 ** min(failures - 1, 16))
    return longest * (0.5 + 0.5 * share)
