"""Two commits side by side: what is made of their figures, and what becomes of their files."""

import pytest

from argusd.benchmarks.ab import ROOT, compared, git, own, worktree
from argusd.benchmarks.harness import Metric, NotMeasurable


def of(**values: float) -> dict[str, Metric]:
    return {name: Metric(value, "ms", name) for name, value in values.items()}


def test_a_figure_is_compared_round_by_round() -> None:
    before = [of(age=10.0), of(age=20.0), of(age=40.0)]
    after = [of(age=5.0), of(age=20.0), of(age=60.0)]
    ratio = compared(before, after)["age"]
    assert (ratio.value, ratio.spread, ratio.baseline) == (1.0, (0.5, 1.5), 1.0)


def test_what_one_of_them_does_not_measure_or_what_was_nothing_is_left_out() -> None:
    assert compared([of(age=1.0, gone=1.0, none=0.0)], [of(age=2.0, new=1.0, none=1.0)]).keys() == {"age"}


def test_a_commits_files_are_there_for_as_long_as_they_are_needed() -> None:
    with worktree("HEAD") as tree:
        assert (tree / "benchmarks").is_dir()
        assert str(tree) in git("worktree", "list").stdout
    assert not tree.exists()
    assert str(tree) not in git("worktree", "list").stdout


def test_a_commit_that_nobody_knows_is_named() -> None:
    with pytest.raises(NotMeasurable, match="nonesuch cannot be checked out"), worktree("nonesuch"):
        pass


def test_a_benchmark_that_gives_no_result_is_named() -> None:
    with pytest.raises(NotMeasurable, match="the benchmark nonesuch of"):
        own("nonesuch", ROOT)
