"""When a request may be sent again: where the first one was not carried out, or twice is as good as once."""

from argusd.scheduler.contract.errors import StoreUnavailable
from argusd.scheduler.contract.http import FIRST_BACKOFF_S, backoff_s

from .errors import AnswerLost, NotConnected, NotNow, OrchestratorError

# Half of what the store was asked may have been written when it fell silent.
MAYBE_DONE = (StoreUnavailable.code,)


def wait_before_retry(
    error: OrchestratorError, attempt: int, left_s: float, *, idempotent: bool
) -> float | None:
    """Seconds to wait before the request is sent again; None where it must not be, or time would run out.

    ``attempt`` counts from 0; ``left_s`` is what is left of the caller's time.
    """
    if isinstance(error, NotConnected):
        wait_s = backoff_s(attempt)
    elif isinstance(error, NotNow) and error.retry_after is not None:
        if error.code in MAYBE_DONE and not idempotent:
            return None
        wait_s = max(error.retry_after, FIRST_BACKOFF_S)
    elif isinstance(error, AnswerLost) and idempotent:
        wait_s = backoff_s(attempt)
    else:
        return None
    return wait_s if wait_s < left_s else None
