"""docs/metrics.md: every figure, made of the code that tells it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from argusd.api import ops

HEAD = """# Metrics

What `/metrics` tells, in Prometheus' text format. Some figures are there only once there is something to
tell. [operations.md](operations.md#alerts-and-a-dashboard) has alerts and a dashboard made of them.

This page is made of the code that tells them (`daemon/reference/`).

| metric | meaning |
|---|---|
"""


def metrics() -> str:
    """Every figure, and what the code that tells it says of it."""
    told = sorted(figure for file in sorted(Path(ops.__path__[0]).glob("*.py")) for figure in figures(file))
    return HEAD + "".join(f"| `{name}` | {meaning} |\n" for name, meaning in told)


def figures(file: Path) -> Iterator[tuple[str, str]]:
    """The name of each figure that a module tells, and the sentence behind it."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.Call(
                ast.Name("CounterMetricFamily"), [ast.Constant(str(name)), ast.Constant(str(meaning)), *_]
            ):
                yield f"{name}_total", meaning  # as Prometheus' client tells it
            case ast.Call(_, [*_, ast.Constant(str(name)), ast.Constant(str(meaning))]) | ast.Call(
                _, [ast.Constant(str(name)), ast.Constant(str(meaning)), *_]
            ):
                if name.startswith("ml_"):
                    yield name, meaning
