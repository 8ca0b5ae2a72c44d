"""A circuit breaker: a worker that fails again and again gets a rest. Pure: time is given.

What counts as a failure: that the worker went away with work in hand, once for each connection, and that it
did not answer even at the deadline. Any answer is a success, an error too: what a caller sends never counts
against the worker, whatever became of it there. A worker that is ill itself says so in ``/ready``, or ends.

::

    closed ──failures in a row──▶ open ──rest_s──▶ half_open ──success──▶ closed
                                    ▲                  │ one trial at a time
                                    └──────failure─────┘
"""

from typing import Literal

State = Literal["closed", "open", "half_open"]


class Breaker:
    """Of one worker. Times are monotonic seconds."""

    def __init__(self, failures: int = 5, rest_s: float = 5.0) -> None:
        self._allowed_failures = failures
        self._rest_s = rest_s
        self._failures = 0
        self._opened_at: float | None = None
        self._trial = False

    def state(self, now: float) -> State:
        """Where it stands."""
        if self._opened_at is None:
            return "closed"
        return "half_open" if now - self._opened_at >= self._rest_s else "open"

    def lets_through(self, now: float) -> bool:
        """Whether ``begin`` would let a request through now."""
        state = self.state(now)
        return state == "closed" or (state == "half_open" and not self._trial)

    def begin(self, now: float) -> bool:
        """Let a request through or not. One that passed is told by succeeded(), failed() or given_up()."""
        if not self.lets_through(now):
            return False
        self._trial = self.state(now) == "half_open"
        return True

    def succeeded(self) -> None:
        """The worker gave an answer."""
        self._failures, self._opened_at, self._trial = 0, None, False

    def failed(self, now: float) -> None:
        """The worker went away, or gave no answer."""
        self._failures += 1
        if self._trial or self._failures >= self._allowed_failures:
            self._opened_at = now
        self._trial = False

    def given_up(self) -> None:
        """Nobody waited for the answer, or nothing was sent: nothing was learned."""
        self._trial = False
