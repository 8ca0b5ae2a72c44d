"""What was found in clips, judged by time."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.accuracy.clip_verdicts import Finding, Told, found_in, judge, speech
from argusd.benchmarks.accuracy.figures.spans import Stretch, cut, merged, shared_s, timed
from argusd.benchmarks.accuracy.labels import Item, Kind, Span, Spans

STRETCHES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 40)).map(
        lambda pair: Stretch(pair[0] / 10, (pair[0] + pair[1]) / 10)
    ),
    max_size=6,
)


def verdicts(
    labels: dict[str, Spans], found: dict[str, list[tuple[float, float]]], kind: Kind = "video", **more: Any
) -> list[tuple[str, str, bool | None, bool]]:
    """Those of a clip of 10 s, but for what is rightly silent."""
    item = Item(file="a", path=Path("a"), kind=kind, segments=labels, **more)
    findings = {
        name: [Finding(Stretch(*when), {"direction": "left"}) for when in each]
        for name, each in found.items()
    }
    return [
        (each.finding, each.item.removeprefix("a "), each.there, each.told)
        for each in judge(item, findings, 10.0, "clip")
        if each.there is not False or each.told
    ]


def sure(*spans: Span) -> Spans:
    return Spans(spans)


def test_a_finding_and_a_label_that_meet() -> None:
    labels = {"phone_detected": sure(Span(3.7, None))}
    assert verdicts(labels, {"phone_detected": [(5.0, 6.0)]}) == [
        ("clip.phone_detected", "3.7–10.0 s", True, True)
    ]
    assert verdicts(labels, {}) == [("clip.phone_detected", "3.7–10.0 s", True, False)]


def test_what_is_told_is_judged_by_its_name_in_a_policy() -> None:
    told = found_in([Told("lip_sync_violation", "start", {"start_s": 2.0, "offset_ms": -400})], 10.0)
    item = Item(file="a", path=Path("a"), kind="video", segments={"lip_sync": sure(Span(0.0, None))})
    assert [each.told for each in judge(item, told, 10.0, "clip") if each.there] == [True]


def test_a_finding_beside_its_label_is_false() -> None:
    labels = {"phone_detected": sure(Span(0.0, 2.0))}
    assert verdicts(labels, {"phone_detected": [(0.5, 2.0), (6.0, 7.0)]}) == [
        ("clip.phone_detected", "0.0–2.0 s", True, True),
        ("clip.phone_detected", "6.0–7.0 s", False, True),
    ]


def test_what_is_too_short_to_be_told_is_not_missed_nor_false() -> None:
    labels = {"phone_detected": sure(Span(3.0, 4.2))}
    assert verdicts(labels, {}) == []
    assert verdicts(labels, {"phone_detected": [(3.0, 4.2)]}) == []


def test_what_is_unsure_is_left_out() -> None:
    labels = {"gaze_away": Spans((), (Span(2.0, 4.0),)), "head_turned": Spans((), (Span(0.0, None),))}
    found = {"gaze_away": [(2.1, 4.2), (6.0, 7.0)], "head_turned": [(1.0, 2.0)]}
    assert verdicts(labels, found) == [
        ("clip.gaze_away", "2.1–4.2 s", None, True),
        ("clip.gaze_away", "6.0–7.0 s", False, True),
        ("clip.head_turned", "0.0–10.0 s", None, True),
    ]


@pytest.mark.parametrize(("side", "told"), [("left", True), ("right", False)])
def test_a_side_counts_where_the_gaze_is_found(side: str, told: bool) -> None:
    labels = {"gaze_away": sure(Span(2.0, 4.0, side))}
    assert verdicts(labels, {"gaze_away": [(2.0, 4.0)]})[1] == (
        "clip.gaze_away_side",
        "2.0–4.0 s",
        True,
        told,
    )
    assert len(verdicts(labels, {})) == 1


def test_second_speakers_are_judged_by_recording() -> None:
    found = {"second_speaker": [(3.0, 4.0)], "gaze_away": [(1.0, 2.0)]}
    assert verdicts({}, found, "audio", speakers=2) == [("clip.second_speaker", "a", True, True)]
    assert verdicts({}, found, "audio", speakers=1) == [("clip.second_speaker", "a", False, True)]
    speaks = {"speech_detected": sure(Span(0.0, None))}
    assert ("clip.second_speaker", "a", False, True) in verdicts(speaks, {"second_speaker": [(3.0, 4.0)]})


def test_speech_by_time() -> None:
    item = Item(
        file="a",
        path=Path("a"),
        kind="audio",
        segments={"speech_detected": sure(Span(2.0, 4.0), Span(8.0, None))},
    )
    found = {"speech_detected": [Finding(Stretch(2.5, 5.5), {})]}
    times = speech(item, found, 10.0)
    assert times is not None
    assert times == pytest.approx((1.5, 0.45, 2.5))  # the rule's own end, 1.05 s, is not false
    assert speech(Item(file="a", path=Path("a"), kind="audio"), found, 10.0) is None


@given(STRETCHES)
def test_merged_stretches_are_apart_and_cover_the_same(stretches: list[Stretch]) -> None:
    joined = merged(stretches, 0.0)
    assert all(one.end_s < other.begin_s for one, other in pairwise(joined))
    for each in stretches:
        assert shared_s(each, joined) == pytest.approx(each.seconds)
    assert merged(joined, 0.0) == joined


@given(STRETCHES, st.integers(0, 250))
def test_nothing_is_left_behind_the_end(stretches: list[Stretch], tenths: int) -> None:
    assert all(each.begin_s < each.end_s <= tenths / 10 for each in cut(stretches, tenths / 10))


@given(STRETCHES, STRETCHES)
def test_told_and_missed_make_up_what_is_there(there: list[Stretch], told: list[Stretch]) -> None:
    times = timed(there, [], told, 0.0, 0.0)
    assert times.right_s + times.missed_s == pytest.approx(
        sum(each.seconds for each in merged(there, 0.0)), abs=0.3
    )
    assert timed(told, [], told, 0.0, 0.0)[1:] == (0.0, 0.0)
    assert timed(there, [Stretch(0.0, 99.0)], told, 0.0, 0.0) == (0.0, 0.0, 0.0)
