"""What a reader is shown of a result."""

import re
from pathlib import Path

from argusd.benchmarks.harness import Metric, Result, Table, lay_out, load_json, paired, save_json
from argusd.benchmarks.report.page import page

RESULT = Result(
    "tasks",
    {"cpu": "a <small> one", "cores": "2"},
    served=10,
    metrics={"p99_ms": Metric(12.5, "ms", "the slowest", 11.0, "<= 11", (12.0, 13.0))},
    series={"p99, ms/argusd": [(1.0, 5.0), (4.0, 9.0)], "p99, ms/plain": [(1.0, 4.0), (4.0, 8.0)]},
    axes=("callers", ""),
    tables=[Table("medians", ["system", "p99"], [["argusd", 12.5], ["plain", "11 (10 to 12)"]])],
    notes=["mosec is not here"],
    failures=["plain answers otherwise"],
)


def test_a_ratio_is_of_paired_rounds() -> None:
    ratio = paired([1.0, 2.0, 9.0], [2.0, 2.0, 3.0])
    assert (ratio.median, ratio.lowest, ratio.highest) == (1.0, 0.5, 3.0)
    assert str(ratio) == "1.00 (0.50 to 3.00)"


def test_tables_of_a_terminal_are_aligned() -> None:
    assert lay_out([["system", "p99"], ["a", "12.5"]]) == ["  system   p99", "  a       12.5"]


def test_a_result_that_was_kept_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    save_json(RESULT, path)
    assert load_json(path) == RESULT


def test_a_page_needs_nothing_but_itself() -> None:
    html = page([RESULT])
    assert re.findall(r"<script|<link|https?://|url\(", html) == []
    assert re.findall(r'src="([^;]+);', html) == ["data:image/svg+xml"]


def test_a_page_says_all_that_the_result_does() -> None:
    html = page([RESULT])
    for said in ("a &lt;small&gt; one", "mosec is not here", "plain answers otherwise", "11 (10 to 12)"):
        assert said in html
    assert '<tr class="ours"><td>argusd</td><td>12.5</td></tr>' in html
    assert "<td>12 to 13</td><td>11</td><td>&lt;= 11</td><td>the slowest</td>" in html
