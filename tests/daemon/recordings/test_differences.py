"""What two replays found differently."""

import msgspec

from argusd.daemon.recordings.differences import Difference, differences, lines_of
from argusd.daemon.recordings.findings import Finding

ONE = Finding(stream="face", name="gaze_away", started_s=1.0, told_s=1.6, ended_s=3.0, confidence=0.8)
LATER = msgspec.structs.replace(ONE, started_s=6.0, told_s=6.6, ended_s=8.0)


def test_the_same_findings_are_no_difference() -> None:
    assert {each.change for each in differences([ONE, LATER], [ONE, LATER])} == {"same"}


def test_findings_that_overlap_under_one_name_are_one() -> None:
    moved = msgspec.structs.replace(ONE, told_s=1.9, confidence=0.7)
    assert differences([ONE], [moved]) == [Difference("moved", ONE, moved)]
    assert [*lines_of(differences([ONE], [moved]))] == [
        "~ face gaze_away: told 1.600 → 1.900 s, confidence 0.800 → 0.700",
        "0 the same, 1 different",
    ]


def test_what_is_found_on_one_side_alone_is_gone_or_new() -> None:
    other = msgspec.structs.replace(ONE, name="head_turned")
    assert [each.change for each in differences([ONE, LATER], [LATER, other])] == ["gone", "new", "same"]
    assert [*lines_of(differences([ONE], [LATER]))] == [
        "- face gaze_away: 1.00–3.00 s, told at 1.60 s, confidence 0.80",
        "+ face gaze_away: 6.00–8.00 s, told at 6.60 s, confidence 0.80",
        "0 the same, 2 different",
    ]


def test_of_two_that_overlap_the_one_that_shares_more_time_is_the_same() -> None:
    short = msgspec.structs.replace(ONE, started_s=0.5, ended_s=1.2)
    assert [each.now for each in differences([ONE], [short, ONE])] == [short, ONE]
