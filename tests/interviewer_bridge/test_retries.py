"""When a request may go out again, and after how long."""

import pytest

from argusd.interviewer_bridge.errors import (
    AnswerLost,
    InvalidRequest,
    ModelUnavailable,
    NotConnected,
    NotNow,
    OrchestratorError,
    TooLate,
)
from argusd.interviewer_bridge.retries import wait_before_retry

LATER = NotNow("busy", code="overloaded", status=503, retry_after=2.0)
STORE = NotNow("away", code="store_unavailable", status=503, retry_after=2.0)


@pytest.mark.parametrize(
    ("error", "idempotent", "wait_s"),
    [
        pytest.param(LATER, False, 2.0, id="not now: when the daemon says"),
        pytest.param(STORE, True, 2.0, id="the store was away, and twice is as once"),
        pytest.param(STORE, False, None, id="the store may have taken it"),
        pytest.param(NotNow("x", status=503), True, None, id="not now, but not when"),
        pytest.param(NotConnected("x"), False, 0.2, id="nothing was sent"),
        pytest.param(AnswerLost("x"), True, 0.2, id="lost, and twice is as once"),
        pytest.param(AnswerLost("x"), False, None, id="lost, and may have been done"),
        pytest.param(InvalidRequest("x", status=422), True, None, id="wrong stays wrong"),
        pytest.param(
            ModelUnavailable("x", status=503, retry_after=5), True, None, id="waiting does not help"
        ),
        pytest.param(TooLate("x", status=504), True, None, id="the time is over"),
    ],
)
def test_what_is_sent_again(error: OrchestratorError, idempotent: bool, wait_s: float | None) -> None:
    assert wait_before_retry(error, 0, 30.0, idempotent=idempotent) == wait_s


def test_waits_grow_up_to_a_limit() -> None:
    waits = [wait_before_retry(NotConnected("x"), attempt, 30.0, idempotent=True) for attempt in range(7)]
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_wait_beyond_the_callers_time_is_none() -> None:
    assert wait_before_retry(LATER, 0, 2.1, idempotent=True) == 2.0
    assert wait_before_retry(LATER, 0, 2.0, idempotent=True) is None
