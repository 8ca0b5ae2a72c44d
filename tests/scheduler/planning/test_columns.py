"""Only ``Demand`` and ``Shares`` write their columns: everybody else says what happened."""

import ast
from pathlib import Path

import pytest

from argusd.scheduler.planning.demand import Demand, Shares

ROOT = Path(__file__).parents[3]
OWNER = ROOT / "scheduler" / "planning" / "demand.py"
FOLDERS = ("api", "benchmarks", "daemon", "ingest", "interviewer_bridge", "kernels", "scheduler")
COLUMNS = {*Demand._names, *Shares._names}
TABLES = {"demand", "_demand", "shares", "_shares"}


def written(code: str) -> list[str]:
    """Columns that this code assigns to: an element of one, or all of it."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Subscript | ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and _of_a_column(node)
    ]


def _of_a_column(target: ast.Subscript | ast.Attribute) -> bool:
    if isinstance(target, ast.Subscript):
        return isinstance(target.value, ast.Attribute) and target.value.attr in COLUMNS
    return target.attr in COLUMNS and ast.unparse(target.value).rpartition(".")[2] in TABLES


def test_nobody_else_writes_a_column() -> None:
    sources = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if path != OWNER]
    found = {path.name: written(path.read_text()) for path in sources}
    assert {name: columns for name, columns in found.items() if columns} == {}


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("demand.due[rows] = now", ["demand.due[rows]"]),
        ("self._demand.cursor[rows] += hop", ["self._demand.cursor[rows]"]),
        ("x, demand.active[row] = 1, False", ["demand.active[row]"]),
        ("demand.period = periods", ["demand.period"]),
        ("self.demand.shares.weight[share] = 1.0", ["self.demand.shares.weight[share]"]),
        ("self.kind = kind; rows = demand.due[rows]", []),
    ],
)
def test_what_counts_as_writing(code: str, columns: list[str]) -> None:
    assert written(code) == columns
