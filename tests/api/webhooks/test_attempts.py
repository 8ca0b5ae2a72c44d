from hypothesis import given
from hypothesis import strategies as st

from argusd.api.webhooks.attempts import LONGEST_S, Outcome, outcome_of, pause_s


def test_an_answer_is_about_the_message_or_about_the_receiver() -> None:
    assert [outcome_of(status).verdict for status in (200, 202, 204)] == ["taken"] * 3
    assert [outcome_of(status).verdict for status in (400, 413, 422)] == ["refused"] * 3
    away = (301, 302, 307, 401, 403, 404, 410, 429, 500, 503)
    assert [outcome_of(status).verdict for status in away] == ["away"] * len(away)


def test_a_receiver_may_ask_for_a_while_of_its_own_within_bounds() -> None:
    assert outcome_of(503, "17") == Outcome("away", "it answers 503", 17.0)
    assert outcome_of(429, "99999999").wait_s == LONGEST_S
    assert [outcome_of(503, text).wait_s for text in ("", "-1", "soon", "Fri, 31 Dec 1999 23:59:59 GMT")] == [
        0.0
    ] * 4


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_double_up_to_five_minutes_and_differ_by_half_at_most(failures: int, share: float) -> None:
    pause = pause_s(failures, share)
    longest = min(LONGEST_S, 2.0 ** min(failures - 1, 30))
    assert longest / 2 <= pause <= longest
