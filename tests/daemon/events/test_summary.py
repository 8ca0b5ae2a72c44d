from hypothesis import given
from hypothesis import strategies as st

from argusd.daemon.events.summary import Summary, percentile

from ..event_maker import observation, session, violation


def test_a_session_in_a_few_lines() -> None:
    summary = Summary()
    for event in (
        session("live", "update"),
        observation("face", 0.0, face_count=1),
        violation("gaze_away", "start", 1.0, direction="left"),
        violation("gaze_away", "end", 3.0, direction="left", duration_s=2.0),
        violation("gaze_away", "start", 5.0, direction="right"),
        violation("gaze_away", "end", 6.5, direction="right", duration_s=1.5),
        violation("face_absent", "start", 8.0),
        observation("face", 8.0, face_count=0),
        observation("speech", 2.0, "start"),
        observation("speech", 4.0, "end", start_s=2.0, end_s=3.25, duration_s=1.25),
    ):
        summary.add(event)
    assert list(summary.lines()) == [
        "violations",
        "  face_absent      1×, 0.0 s",
        "  gaze_away        2×, 3.5 s  left 1×, right 1×",
        "faces seen    0, 1",
        "speech        1 segments, 1.2 s",
        "frame age     p50 40 ms, p95 40 ms",
    ]


def test_an_empty_session() -> None:
    assert list(Summary().lines()) == [
        "violations    none",
        "faces seen    –",
        "speech        0 segments, 0.0 s",
    ]


@given(st.lists(st.floats(0, 1000), min_size=1), st.integers(1, 100))
def test_a_percentile_is_the_smallest_that_enough_do_not_exceed(values: list[float], percent: int) -> None:
    found = percentile(values, percent)

    def share(limit: float) -> float:
        return sum(value <= limit for value in values) * 100

    assert share(found) >= percent * len(values)
    assert all(share(value) < percent * len(values) for value in values if value < found)
