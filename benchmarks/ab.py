"""Two commits side by side: their daemons as two systems of one run, or their own benchmarks in turn.

``tasks`` and ``live`` start both daemons and ask them in turn, by this tree's harness. Every other benchmark
runs inside one process: each commit's own is run, in turn, and its figures are compared. Either way the order
alternates from round to round, and a ratio is the median over the rounds of second / first.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import live, tasks
from .harness import Metric, NotMeasurable, Result, load_json, machine, paired
from .rivals.systems import Argusd

ROOT = Path(__file__).parents[1]
ROUNDS, QUICK_ROUNDS = 5, 2
SERVED: dict[str, Callable[..., Result]] = {"tasks": tasks.main, "live": live.main}


def main(
    quick: bool, first: str, second: str, name: str, rounds: int | None = None, **options: Any
) -> Result:
    """Compare two commits by a benchmark; ``options`` are its own.

    Raises:
        NotMeasurable: there is no such commit here, or its benchmark gives no result.
    """
    with worktree(first) as before, worktree(second) as after:
        trees = {f"argusd@{first}": before, f"argusd@{second}": after}
        if name in SERVED:
            daemons = [Argusd(label, variables(tree), as_json=True) for label, tree in trees.items()]
            if rounds is not None:
                options["rounds"] = rounds
            return SERVED[name](quick, systems=daemons[::-1], **options)
        return in_turn(name, list(trees.values()), rounds or (QUICK_ROUNDS if quick else ROUNDS))


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """The commit's files, in a temporary folder.

    Raises:
        NotMeasurable: there is no such commit here.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        added = git("worktree", "add", "--detach", str(tree), commit)
        if added.returncode:
            raise NotMeasurable(f"{commit} cannot be checked out: {added.stderr.strip().splitlines()[-1]}")
        try:
            yield tree
        finally:
            git("worktree", "remove", "--force", str(tree))


def git(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run git in this checkout."""
    return subprocess.run(
        ["git", "-C", str(ROOT), *words], capture_output=True, encoding="utf-8", check=False
    )


def variables(tree: Path) -> dict[str, str]:
    """The environment in which a tree's own modules are imported."""
    return {"PYTHONPATH": str(tree / ".paths")}


def in_turn(name: str, trees: Sequence[Path], rounds: int) -> Result:
    """Run both trees' own benchmark so often, quick, in an order that alternates."""
    found: list[list[Mapping[str, Metric]]] = [[], []]
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            found[which].append(own(name, trees[which]))
    return Result(f"ab {name}", machine(), served=2 * rounds, metrics=compared(*found))


def own(name: str, tree: Path) -> Mapping[str, Metric]:
    """What a tree's own benchmark finds.

    Raises:
        NotMeasurable: nothing; it said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "result.json"
        words = [sys.executable, "-P", "-m", "argusd.daemon", "bench", name, "--quick", "--json", str(kept)]
        subprocess.run(words, env=os.environ | variables(tree), check=False, stdout=subprocess.DEVNULL)
        try:
            return load_json(kept).metrics
        except NotMeasurable as error:
            raise NotMeasurable(
                f"the benchmark {name} of {tree} gave no result; it said why above"
            ) from error


def compared(
    before: Sequence[Mapping[str, Metric]], after: Sequence[Mapping[str, Metric]]
) -> dict[str, Metric]:
    """Each figure that both have in every round: second / first, by paired rounds."""
    values: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for old, new in zip(before, after, strict=True):
        for name in old.keys() & new.keys():
            values[name].append((old[name].value, new[name].value))
    metrics = {}
    for name, metric in after[-1].items():
        pairs = [(old, new) for old, new in values[name] if old]
        if len(pairs) == len(before):
            ratio = paired([new for _, new in pairs], [old for old, _ in pairs])
            metrics[name] = Metric(ratio.median, "x", metric.meaning, 1.0, spread=ratio[1:])
    return metrics
