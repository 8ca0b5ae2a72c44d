"""Verdicts, counted and put side by side."""

from argusd.benchmarks.accuracy.figures.tallies import Verdict, beside, metrics, table, tallies, turned, wrong


def verdict(there: bool | None, told: bool, item: str = "a.jpg", finding: str = "phone") -> Verdict:
    return Verdict(finding=finding, item=item, there=there, told=told, why="said so")


VERDICTS = [
    verdict(True, True),
    verdict(True, False, "b.jpg"),
    verdict(False, True, "c.jpg"),
    verdict(None, True),
]


def test_what_is_unsure_is_left_out_and_counted() -> None:
    (row,) = table(tallies([*VERDICTS, verdict(False, False)])).rows
    assert row == ["phone", "0.50 (0.09–0.91)", "0.50 (0.09–0.91)", 1, 1, 1, 1, 0, 1]


def test_what_was_there_for_certain_has_no_precision() -> None:
    counted = tallies([Verdict(finding="count", item="a", there=True, told=True, exact=True)])
    assert table(counted).rows[0][:3] == ["count", "–", "1.00 (0.21–1.00)"]
    assert list(dict(metrics(counted))) == ["count_recall"]


def test_wrong_ones_are_named() -> None:
    assert wrong(VERDICTS).rows == [
        ["phone", "false", "c.jpg", "said so"],
        ["phone", "missed", "b.jpg", "said so"],
    ]


def test_two_runs_side_by_side() -> None:
    now = [verdict(True, True), verdict(True, True, "b.jpg"), verdict(False, True, "c.jpg")]
    assert beside(tallies(now), tallies(VERDICTS)).rows == [
        ["phone", "0.50 → 0.67", "0.50 → 1.00", "1 → 2", "1 → 1", "1 → 0"]
    ]
    assert turned(now, VERDICTS).rows == [["phone", "missed → right", "b.jpg", "said so"]]
    assert turned(VERDICTS, now).rows == [["phone", "right → missed", "b.jpg", "said so"]]
