"""One analyzer and its guard: what it says before it raises, as it raises, and after."""

from typing import Any

import msgspec
import numpy as np
import pytest

from argusd.scheduler.core import Moment, Outcome
from argusd.scheduler.sessions.guarded import ANALYZER_FAILED, GuardedAnalyzer
from argusd.scheduler.sessions.session_stream import START

from ..fakes import FakeStream, break_analyzer

STARTED = Outcome("violation", "phone_detected", "start", 0.7, "critical", {"start_s": 2.0})
ENDED = Outcome("violation", "phone_detected", "end", 0.9, "critical", {"start_s": 2.0})
UNFIT = Outcome("observation", "face", "update", 1.0, data={"likeness": np.float32(0.5)})
NOTED = Outcome("observation", "face", "update", 1.0, data={"likeness": 0.5})


class Tells(FakeStream):
    """Absorbs lists of outcomes, and tells them."""

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        return list(output)

    def finish(self, at: Moment) -> list[Outcome]:
        return []


class GuardBench:
    def __init__(self) -> None:
        self.analyzer = Tells("face", {"face_detector": 4.0})
        self.codes: list[str] = []
        self.guarded = GuardedAnalyzer("face", lambda: self.analyzer, self.codes.append)

    def told(self, *outcomes: Outcome, media_s: float = 2.5) -> list[tuple[str, str]]:
        at = msgspec.structs.replace(START, media_s=media_s)
        return [(each.name, each.state) for each in self.guarded.absorb("face_detector", outcomes, at)]


@pytest.fixture
def bench() -> GuardBench:
    return GuardBench()


def test_an_analyzer_that_works_says_what_it_says(bench: GuardBench) -> None:
    assert bench.told(STARTED, NOTED) == [("phone_detected", "start"), ("face", "update")]
    assert bench.guarded.rates == {"face_detector": 4.0}
    assert bench.guarded.latest() == {"absorbed": 0}
    assert bench.guarded.finish(START) == []
    assert bench.codes == []


def test_it_is_asked_nothing_more_once_it_has_raised(bench: GuardBench) -> None:
    assert (bench.guarded.latest(), bench.guarded.rates) == ({"absorbed": 0}, {"face_detector": 4.0})
    break_analyzer(bench.analyzer, "wants", "latest", "rates")
    assert not bench.guarded.wants("vad")
    bench.analyzer.looks = True
    assert not bench.guarded.wants("vad")
    assert bench.guarded.latest() == {"absorbed": 0}
    assert (bench.guarded.rates, bench.guarded.news) == ({"face_detector": 4.0}, False)
    assert bench.told(STARTED) == []
    assert bench.codes == [ANALYZER_FAILED], "told once"


def test_what_was_told_to_begin_ends_as_of_when_it_was_last_told_of(bench: GuardBench) -> None:
    bench.told(STARTED, media_s=3.0)
    break_analyzer(bench.analyzer, "absorb", "finish")
    bench.told(NOTED, media_s=9.0)
    [end] = bench.guarded.finish(START)
    assert (end.state, end.severity) == ("end", "critical")
    assert end.data == {"start_s": 2.0, "end_s": 3.0, "duration_s": 1.0, "reason": "stream_failed"}
    assert bench.guarded.finish(START) == []


def test_of_what_comes_with_something_unfit_nothing_counts_as_told(bench: GuardBench) -> None:
    assert bench.told(STARTED) == [("phone_detected", "start")]
    assert bench.told(ENDED, UNFIT) == []
    assert [(end.name, end.state) for end in bench.guarded.finish(START)] == [("phone_detected", "end")]

    another = GuardBench()
    assert another.told(STARTED, UNFIT) == []
    assert another.guarded.finish(START) == []


@pytest.mark.parametrize("rates", [{}, {"face_detector": 0.0}, {"face_detector": float("nan")}])
def test_rates_that_cannot_be_kept_are_a_fault(bench: GuardBench, rates: dict[str, float]) -> None:
    assert bench.guarded.rates == {"face_detector": 4.0}
    bench.analyzer.rates = rates
    assert bench.guarded.rates == {"face_detector": 4.0}
    assert bench.codes == [ANALYZER_FAILED]


def test_a_rate_may_change_and_a_role_may_come(bench: GuardBench) -> None:
    rates = {"face_detector": 4.0}
    bench.analyzer.rates = rates
    assert bench.guarded.rates == rates
    rates |= {"face_detector": 1.0, "face_mesh": 8.0}
    assert bench.guarded.rates == {"face_detector": 1.0, "face_mesh": 8.0}
    assert bench.codes == []
