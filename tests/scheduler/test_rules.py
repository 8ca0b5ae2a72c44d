from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.contract.policy import Hold
from argusd.scheduler.core import Outcome
from argusd.scheduler.evidence import SURE
from argusd.scheduler.rules import Rule, certainty, exceeds

HOLD = Hold(start_after_s=1.0, end_after_s=0.5)


def play(rule: Rule, *looks: tuple[float, bool]) -> list[tuple[float, str]]:
    """Feed (media seconds, condition) pairs; returns when something was told, and its state."""
    told: list[tuple[float, str]] = []
    for media_s, condition in looks:
        told += [(media_s, outcome.state) for outcome in rule.feed(condition, 0.5, media_s, {})]
    return told


def test_starts_once_it_has_held_and_ends_once_it_has_been_gone() -> None:
    looks = [(0.0, True), (0.5, True), (1.0, True), (1.5, True), (1.9, False), (2.0, False), (2.5, False)]
    assert play(Rule("gaze_away", HOLD), *looks) == [(1.0, "start"), (2.0, "end")]


def test_a_lapse_before_the_start_takes_back_what_it_says_and_no_more() -> None:
    looks = [(0.0, True), (0.9, True), (1.0, False), (1.1, True), (1.3, True)]
    assert play(Rule("gaze_away", HOLD), *looks) == [(1.3, "start")]
    looks = [(0.0, True), (0.5, True), (1.5, False), (2.0, False), (2.1, True), (3.0, True), (3.1, True)]
    assert play(Rule("gaze_away", HOLD), *looks) == [(3.1, "start")], "all of it is taken back"


def test_a_detector_that_misses_now_and_then_gets_to_its_violation() -> None:
    looks = [(number / 4, number % 4 != 3) for number in range(20)]
    assert play(Rule("phone_detected", HOLD), *looks) == [(1.5, "start")]


def test_single_wrong_looks_never_do() -> None:
    looks = [(number / 4, number % 3 == 0) for number in range(4 * 3600)]
    assert play(Rule("phone_detected", HOLD), *looks) == []


def weighed(rule: Rule, log_odds: float, seconds: int, from_s: float = 0.0) -> list[tuple[float, str]]:
    """Four looks a second, each of which says so much, none of them that the condition is met."""
    told: list[tuple[float, str]] = []
    for number in range(4 * seconds):
        media_s = from_s + number / 4
        outcomes = rule.feed(False, 0.4, media_s, {}, log_odds)
        told += [(media_s, outcome.state) for outcome in outcomes]
    return told


def test_looks_that_are_less_sure_take_longer_and_those_that_speak_against_it_never_start() -> None:
    for share, start_s in ((1, 1.0), (2, 2.0), (4, 3.75)):
        rule = Rule("phone_detected", HOLD)
        assert rule.feed(True, 0.5, 0.0, {}, SURE) == []
        assert weighed(rule, SURE / share, 6, from_s=0.25)[:1] == [(start_s, "start")]
    assert weighed(Rule("phone_detected", HOLD), -0.01, 600) == []


def test_what_no_look_is_sure_of_never_starts() -> None:
    assert weighed(Rule("phone_detected", HOLD), 0.99 * SURE, 3600) == []


def test_a_look_whose_condition_is_met_keeps_open_what_it_would_not_start() -> None:
    rule = Rule("phone_detected", HOLD)
    assert rule.feed(True, 0.5, 0.0, {}, -1.0) == []
    assert not rule.holds
    assert weighed(rule, SURE, 2) == [(1.0, "start")]
    assert [rule.feed(True, 0.5, 2.0 + number / 4, {}, -1.0) for number in range(4)] == [[]] * 4
    assert [outcome.data["end_s"] for outcome in rule.feed(False, 0.0, 3.25, {}, -1.0)] == [2.75]


def test_a_short_lapse_does_not_split_a_violation() -> None:
    looks = [(0.0, True), (1.0, True), (1.2, False), (1.4, False), (1.5, True), (3.0, False)]
    assert play(Rule("gaze_away", HOLD), *looks) == [(1.0, "start"), (3.0, "end")]


def test_the_end_carries_its_times_and_the_figures_of_the_surest_look() -> None:
    rule = Rule("gaze_away", HOLD)
    rule.feed(True, 0.5, 10.0, {"direction": "left", "value": 0.2, "threshold": 0.15})
    rule.feed(True, 0.8, 11.0, {"direction": "left", "value": 0.3, "threshold": 0.15})
    rule.feed(True, 0.6, 12.0, {"direction": "left", "value": 0.2, "threshold": 0.15})
    assert rule.feed(False, 0.0, 13.0, {}) == [
        Outcome(
            type="violation",
            name="gaze_away",
            state="end",
            confidence=0.8,
            severity="warning",
            data={
                "direction": "left",
                "value": 0.3,
                "threshold": 0.15,
                "start_s": 10.0,
                "end_s": 12.0,
                "duration_s": 2.0,
                "evidence": {"log_odds": 4.39, "needed": 2.2, "looks_for": 3, "looks_against": 1},
            },
        )
    ]


def test_a_long_violation_reports_every_five_seconds() -> None:
    looks = [(float(second), True) for second in range(13)]
    assert play(Rule("phone_detected", HOLD), *looks) == [(1.0, "start"), (6.0, "update"), (11.0, "update")]


def test_closing_ends_only_what_has_started() -> None:
    rule = Rule("phone_detected", HOLD)
    play(rule, (0.0, True))
    assert rule.close() == []
    assert play(rule, (0.5, True), (1.5, True)) == [(1.5, "start")]
    assert [outcome.state for outcome in rule.close()] == ["end"]
    assert rule.close() == []


def test_after_its_patience_a_rule_begins_anew() -> None:
    rule = Rule("gaze_away", HOLD, patience_s=2.0)
    looks = [(0.0, True), (1.0, True), (3.5, True), (4.0, True), (4.5, True)]
    assert play(rule, *looks) == [(1.0, "start"), (3.5, "end"), (4.5, "start")]


def test_a_disabled_rule_is_silent() -> None:
    rule = Rule("speech_detected", Hold(enabled=False, start_after_s=0.0))
    assert play(rule, (0.0, True), (1.0, True)) == []
    assert not rule.open


@pytest.mark.parametrize(
    ("value", "already", "expected"),
    [(0.45, False, False), (0.45, True, True), (0.4, True, True), (0.5, False, True), (0.39, True, False)],
)
def test_what_goes_on_already_has_a_calmer_threshold(value: float, already: bool, expected: bool) -> None:
    assert exceeds(value, 0.5, already) is expected


def test_a_condition_holds_from_its_first_look_until_it_is_over() -> None:
    rule = Rule("gaze_away", HOLD)
    assert not rule.holds
    play(rule, (0.0, True))
    assert (rule.holds, rule.open) == (True, False)
    play(rule, (1.0, True), (2.0, False))
    assert (rule.holds, rule.open) == (False, False)


def test_certainty_of_an_excess() -> None:
    assert [certainty(value, 10.0) for value in (-5.0, 0.0, 10.0, 20.0, 90.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]


@given(
    looks=st.lists(st.tuples(st.floats(0.01, 3.0), st.booleans(), st.floats(0, 1)), max_size=60),
    start_after_s=st.floats(0, 3),
    end_after_s=st.floats(0, 3),
    patience_s=st.sampled_from([1.0, float("inf")]),
)
def test_starts_and_ends_take_turns_and_durations_are_true(
    looks: list[tuple[float, bool, float]], start_after_s: float, end_after_s: float, patience_s: float
) -> None:
    rule = Rule("any", Hold(start_after_s=start_after_s, end_after_s=end_after_s), patience_s=patience_s)
    told: list[tuple[float, Outcome]] = []
    met: list[float] = []
    now = 0.0
    for step, condition, confidence in looks:
        now += step
        met += [now] if condition else []
        told += [(now, outcome) for outcome in rule.feed(condition, confidence, now, {})]
        assert rule.open == (bool(told) and told[-1][1].state != "end")
    told += [(now, outcome) for outcome in rule.close()]

    edges = [outcome for _, outcome in told if outcome.state != "update"]
    assert [outcome.state for outcome in edges] == ["start", "end"] * (len(edges) // 2)
    previous_end = -1.0
    for (told_s, start), end in zip(starts(told), edges[1::2], strict=True):
        began, ended = end.data["start_s"], end.data["end_s"]
        assert start.data["start_s"] == began
        assert previous_end <= began <= ended <= now + 1e-3
        assert told_s - began >= start_after_s - 1e-3
        assert end.data["duration_s"] == pytest.approx(ended - began, abs=2e-3)
        assert {began, ended} <= {round(moment, 3) for moment in met}
        previous_end = ended


@given(
    calm=st.lists(st.floats(0.01, 3.0), max_size=10),
    sure=st.lists(st.floats(0.01, 3.0), min_size=1, max_size=40),
    gone=st.lists(st.floats(0.01, 3.0), max_size=20),
    start_after_s=st.floats(0, 5),
    end_after_s=st.floats(0, 5),
)
def test_a_clear_condition_starts_and_ends_exactly_after_its_times(
    calm: list[float], sure: list[float], gone: list[float], start_after_s: float, end_after_s: float
) -> None:
    times = list(accumulate([*calm, *sure, *gone]))
    looks = [(media_s, len(calm) <= at < len(calm) + len(sure)) for at, media_s in enumerate(times)]
    first, last = times[len(calm)], times[len(calm) + len(sure) - 1]
    started = [media_s for media_s, met in looks if met and media_s - first >= start_after_s][:1]
    ended = [media_s for media_s in times if started and media_s > last and media_s - last >= end_after_s][:1]
    rule = Rule("any", Hold(start_after_s=start_after_s, end_after_s=end_after_s))
    edges = [edge for edge in play(rule, *looks) if edge[1] != "update"]
    assert edges == [(media_s, "start") for media_s in started] + [(media_s, "end") for media_s in ended]


def starts(told: list[tuple[float, Outcome]]) -> list[tuple[float, Outcome]]:
    return [(media_s, outcome) for media_s, outcome in told if outcome.state == "start"]


def test_another_hold_counts_for_what_has_begun_and_leaves_open_what_is() -> None:
    rule = Rule("gaze_away", Hold(start_after_s=9.0, end_after_s=0.5))
    assert play(rule, (0.0, True), (1.0, True)) == []
    assert rule.retune(Hold(start_after_s=1.0, end_after_s=5.0)) == []
    assert play(rule, (1.1, True), (2.0, False), (3.0, False)) == [(1.1, "start")]
    assert rule.retune(Hold(start_after_s=8.0, end_after_s=1.0)) == []
    assert rule.open
    assert play(rule, (3.1, False)) == [(3.1, "end")]


def test_a_rule_that_is_switched_off_ends_at_once_as_of_when_it_held_last() -> None:
    rule = Rule("gaze_away", HOLD)
    play(rule, (0.0, True), (1.0, True), (1.2, False))
    [ended] = rule.retune(Hold(enabled=False))
    assert (ended.state, ended.data["end_s"]) == ("end", 1.0)
    assert rule.retune(HOLD) == []
    assert play(rule, (2.0, True), (2.9, True), (3.0, True)) == [(3.0, "start")]


@given(
    st.lists(st.tuples(st.floats(0.01, 2.0), st.booleans()), max_size=40),
    st.lists(st.tuples(st.integers(0, 39), st.booleans(), st.floats(0, 3), st.floats(0, 3)), max_size=5),
)
def test_starts_and_ends_alternate_whatever_the_policy_does(
    looks: list[tuple[float, bool]], changes: list[tuple[int, bool, float, float]]
) -> None:
    rule, again = Rule("gaze_away", HOLD), Rule("gaze_away", HOLD)
    told, told_again, now = [], [], 0.0
    for number, (step, condition) in enumerate(looks):
        for at, enabled, start_s, end_s in changes:
            if at == number:
                hold = Hold(enabled=enabled, start_after_s=start_s, end_after_s=end_s)
                told += rule.retune(hold)
                told_again += again.retune(hold) + again.retune(hold)
        now += step
        told += rule.feed(condition, 0.5, now, {})
        told_again += again.feed(condition, 0.5, now, {})
    edges = [outcome.state for outcome in told if outcome.state != "update"]
    assert edges == (["start", "end"] * len(edges))[: len(edges)]
    assert told == told_again, "the same again changes nothing"


def test_what_no_look_measured_carries_no_evidence() -> None:
    [started] = Rule("video_lost", Hold(start_after_s=0.0), measured=False).feed(True, 1.0, 3.0, {})
    assert started.data == {"start_s": 3.0}


def test_a_rule_is_pending_from_its_condition_to_its_start() -> None:
    rule = Rule("gaze_away", Hold(start_after_s=0.5))
    seen = []
    for media_s, condition in ((0.0, False), (0.25, True), (0.5, True), (0.75, True), (1.0, False)):
        rule.feed(condition, 1.0, media_s, {})
        seen.append(rule.pending)
    assert seen == [False, True, True, False, False]
