"""Which parts `argusd bench all` runs, and what they are told."""

from pathlib import Path

import pytest

from argusd.benchmarks.harness import Metric, NotMeasurable, Result, save_json
from argusd.benchmarks.report.suite import PARTS, earlier, run


def ladder(limit: int) -> Result:
    return Result("live", {"cores": "2"}, 1, {"limit_argusd": Metric(limit, "", "sessions")})


def test_live_sessions_are_measured_at_the_limit_that_the_ladder_found_and_at_twice_that() -> None:
    assert PARTS["live"]({"ladder": ladder(12)})[-2:] == ["--numbers", "4,6,12,24"]
    assert PARTS["live"]({})[-2:] == ["--numbers", "4,6,16,32"]


def test_a_limit_that_is_among_the_few_is_measured_once() -> None:
    assert PARTS["live"]({"ladder": ladder(6)})[-1] == "4,6,12"


def test_no_part_runs_before_all_are_known(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurable, match="there is no part 'lively'; did you mean live"):
        list(run(["tasks", "lively"], tmp_path / "results", quick=True))
    assert not (tmp_path / "results").exists()


def test_results_that_lie_there_are_taken(tmp_path: Path) -> None:
    save_json(ladder(12), tmp_path / "ladder.json")
    assert dict(earlier(tmp_path)) == {"ladder": ladder(12)}
