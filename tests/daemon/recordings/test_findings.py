"""What a replay found is a list that is read as it was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.rigs.virtual import Told
from argusd.daemon.recordings.errors import FindingsUnreadable
from argusd.daemon.recordings.findings import Finding, findings_of, read, written
from argusd.scheduler.core import Outcome

SECONDS = st.floats(0, 1e5)


def told(state: str, media_s: float, confidence: float = 0.5, **data: float) -> Told:
    outcome = Outcome("violation", "gaze_away", state, confidence, data={"start_s": 1.0, **data})  # type: ignore[arg-type]
    return Told("replay", "face", outcome, media_s)


def test_a_violation_lasts_from_its_start_to_its_end_and_is_told_between() -> None:
    (found,) = findings_of([told("start", 1.6), told("update", 2.0), told("end", 3.5, 0.8, end_s=3.0)], 9.0)
    assert found == Finding(
        stream="face", name="gaze_away", started_s=1.0, told_s=1.6, ended_s=3.0, confidence=0.8
    )


def test_one_without_an_end_lasts_as_long_as_the_file() -> None:
    (found,) = findings_of([told("start", 1.6)], 9.0)
    assert found.ended_s == 9.0


def test_an_observation_is_no_finding() -> None:
    assert (
        findings_of([Told("replay", "face", Outcome("observation", "face", "update", 1.0), 1.0)], 9.0) == []
    )


@given(st.lists(st.builds(Finding, started_s=SECONDS, told_s=SECONDS, ended_s=SECONDS, confidence=SECONDS)))
def test_what_is_written_is_read(found: list[Finding]) -> None:
    assert read("\n".join(written(found)).encode()) == found


@pytest.mark.parametrize("lines", [b"{}", b"[1]", b"\x00", b'{"stream": 1}', b'{"stream": "caf\xe9"}'])
def test_other_files_are_refused_in_words(lines: bytes) -> None:
    with pytest.raises(FindingsUnreadable, match="no findings as `argusd replay --json` prints them"):
        read(lines)
