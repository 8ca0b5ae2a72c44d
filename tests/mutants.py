"""Do the tests of a module notice when it is wrong? ``python tests/mutants.py [--each N] [MODULE ...]``.

Each mutant is a module with one small fault: a comparison turned, a constant off by one, a condition negated,
a statement left out (DeMillo, Lipton and Sayward, "Hints on Test Data Selection", 1978). It is run against
the module's own tests alone, in a copy of the tree. A mutant that no test fails for survives: a test is
missing, or the mutant behaves as the original does; ``EQUIVALENT`` names those, with the reason.
"""

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SEED = 2026
TESTS_WITHIN_S = 120

MODULES: dict[str, tuple[str, ...]] = {
    "scheduler/planning/admission.py": ("tests/scheduler/planning/test_admission.py",),
    "scheduler/planning/batcher.py": ("tests/scheduler/planning/test_batcher.py",),
    "scheduler/planning/curve.py": ("tests/scheduler/planning/test_curve.py",),
    "scheduler/planning/demand.py": ("tests/scheduler/planning/test_demand.py",),
    "scheduler/planning/overload.py": ("tests/scheduler/planning/test_overload.py",),
    "scheduler/evidence.py": ("tests/scheduler/test_evidence.py",),
    "scheduler/rules.py": ("tests/scheduler/test_rules.py",),
    "ingest/shm/ring.py": ("tests/ingest/shm/test_ring.py",),
    "ingest/rtp/jitter.py": ("tests/ingest/rtp/test_jitter.py",),
    "api/events/event_log.py": ("tests/api/events/test_event_log.py",),
    "api/events/event_store.py": ("tests/api/events/test_event_store.py",),
    "api/events/left_open.py": ("tests/api/events/test_left_open.py",),
}

# Module, line and mutation, as they are printed, to why nobody could notice.
EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("scheduler/planning/admission.py", "if busy > BUSIEST:", "busy > BUSIEST → (busy >= BUSIEST)"): (
        "shares of time are no round numbers"
    ),
    (
        "scheduler/planning/curve.py",
        "if batch > self.sizes[-1]:",
        "batch > self.sizes[-1] → (batch >= self.sizes[-1])",
    ): "in proportion to itself the last measurement costs what it costs",
    ("scheduler/planning/demand.py", "self.weight = np.zeros(0)", "0 → 1"): "a column may be longer",
    ("scheduler/planning/demand.py", "self.start = np.zeros(0)", "0 → 1"): "a column may be longer",
    ("scheduler/planning/demand.py", "self.ready_since = np.zeros(0)", "0 → 1"): "a column may be longer",
    (
        "scheduler/planning/demand.py",
        "self.cursor = np.zeros(0, np.int64)",
        "0 → 1",
    ): "a column may be longer",
    (
        "ingest/shm/ring.py",
        "if words[self._ring_word + GENERATION] != self.generation or head <= self.next:",
        "self._ring_word + GENERATION → (self._ring_word - GENERATION)",
    ): "GENERATION is 0",
    (
        "ingest/shm/ring.py",
        "self._samples = arena.pixels[offset : offset + 2 * self.capacity].view(np.int16)",
        "2 → 3",
    ): "no sample is written beyond the capacity",
    ("ingest/rtp/jitter.py", "self._next = -1", "1 → 2"): "any negative number means none",
    (
        "scheduler/evidence.py",
        "self._looked_s = 0.0",
        "0.0 → 1.0",
    ): "what lies before the first look for it counts for nothing",
    (
        "scheduler/rules.py",
        "self._last = 0.0  # when the condition held last",
        "0.0 → 1.0",
    ): "never read before it is set",
    ("scheduler/rules.py", "self._told = 0.0", "0.0 → 1.0"): "never read before it is set",
    ("scheduler/rules.py", "self._confidence = 0.0", "0.0 → 1.0"): "never read before it is set",
}

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
SWAPPED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
OTHER_NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


class Mutant(NamedTuple):
    """A module with one fault: ``text`` from character ``start`` to ``end``, in that ``line``."""

    module: str
    number: int
    line: str
    start: int
    end: int
    before: str
    text: str

    @property
    def mutation(self) -> str:
        """What was changed, in one line."""
        return " ".join(f"{self.before} → {self.text}".split())

    def applied_to(self, source: str) -> str:
        """The module's text with the fault."""
        return source[: self.start] + self.text + source[self.end :]


def mutants_of(module: str, source: str) -> list[Mutant]:
    """Every mutant of a module."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(line: int, column: int) -> int:  # the parser counts columns in bytes
        text = source[starts[line - 1] : starts[line]]
        return starts[line - 1] + len(text.encode()[:column].decode())

    found = []
    for node, text in _faults(ast.parse(source)):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = offset(node.lineno, node.col_offset)
        end = offset(node.end_lineno, node.end_col_offset)
        line = source[starts[node.lineno - 1] : starts[node.lineno]].strip()
        found.append(Mutant(module, node.lineno, line, start, end, source[start:end], text))
    return found


Located = ast.expr | ast.stmt


def _faults(tree: ast.Module) -> Iterator[tuple[Located, str]]:
    """Places in a module, and what to put there instead."""
    for node in _code(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in TURNED:
            yield node, _changed(node, lambda copy: setattr(copy, "ops", [TURNED[type(copy.ops[0])]()]))
        elif isinstance(node, ast.BinOp) and type(node.op) in SWAPPED:
            yield node, _changed(node, lambda copy: setattr(copy, "op", SWAPPED[type(copy.op)]()))
        elif isinstance(node, ast.BoolOp):
            other = ast.Or if isinstance(node.op, ast.And) else ast.And
            yield node, _changed(node, lambda copy, other=other: setattr(copy, "op", other()))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub | ast.Invert):
            yield node, ast.unparse(node.operand)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield node, str(not node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            yield node, repr(node.value + 1)
        elif isinstance(node, ast.Attribute | ast.Name) and _name(node) in OTHER_NAMES:
            text = ast.unparse(node)
            yield node, text.removesuffix(_name(node)) + OTHER_NAMES[_name(node)]
        elif isinstance(node, ast.Expr | ast.AugAssign | ast.Delete):
            yield node, "pass"
        elif isinstance(node, ast.If | ast.While):
            yield node.test, f"not ({ast.unparse(node.test)})"


def _changed(node: ast.expr, change: Callable[..., object]) -> str:
    copy = ast.parse(ast.unparse(node), mode="eval").body
    change(copy)
    return f"({ast.unparse(copy)})"


def _name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """Everything that runs: no docstring, no annotation, nothing that only writes to the log or asserts."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for field, value in ast.iter_fields(node):
            if field in {"annotation", "returns", "type_params", "bases", "keywords"} and not isinstance(
                node, ast.Call
            ):
                continue
            children = value if isinstance(value, list) else [value]
            waiting += [child for child in children if isinstance(child, ast.AST) and not _silent(child)]


def _silent(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert | ast.JoinedStr):
        return True
    if isinstance(node, ast.keyword):
        return node.arg == "strict"  # of zip: it only asserts
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.Call):
        return ast.unparse(node.value).startswith(("Annotated[", "TypeVar(", "Literal[", "logging."))
    if not isinstance(node, ast.Expr):
        return False
    return isinstance(node.value, ast.Constant) or ast.unparse(node.value).startswith("log.")


def copy_of_the_tree(place: Path) -> Path:
    """A working copy that mutants may be written into."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in names:
        if (ROOT / name).exists() or (ROOT / name).is_symlink():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name, follow_symlinks=False)
    return place


def passes(tree: Path, tests: tuple[str, ...]) -> bool:
    """Whether the tests pass in this tree; tests that hang do not."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-p",
        "no:cacheprovider",
        "-m",
        "not slow and not soak",
        *tests,
    ]
    environment = os.environ | {"PYTHONPATH": str(tree / ".paths"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, timeout=TESTS_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def survivors(mutants: list[Mutant], trees: "SimpleQueue[Path]", workers: int) -> list[Mutant]:
    """The mutants that no test of their modules fails for."""

    def survives(mutant: Mutant) -> bool:
        tree = trees.get()
        source = (ROOT / mutant.module).read_text(encoding="utf-8")
        try:
            (tree / mutant.module).write_text(mutant.applied_to(source), encoding="utf-8")
            return passes(tree, MODULES[mutant.module])
        finally:
            (tree / mutant.module).write_text(source, encoding="utf-8")
            trees.put(tree)

    with ThreadPoolExecutor(workers) as pool:
        alive = list(pool.map(survives, mutants))
    return [mutant for mutant, lives in zip(mutants, alive, strict=True) if lives]


def main() -> int:
    """Print what survives, and the share that was killed; 1 if that is below 90 % in all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--each", type=int, default=16, help="mutants of a module, at random; 0: all")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("modules", nargs="*", default=list(MODULES))
    args = parser.parse_args()
    trees: SimpleQueue[Path] = SimpleQueue()
    made = killed = 0
    with tempfile.TemporaryDirectory() as folder:
        for worker in range(args.workers):
            trees.put(copy_of_the_tree(Path(folder) / str(worker)))
        for module in args.modules:
            every = mutants_of(module, (ROOT / module).read_text(encoding="utf-8"))
            chosen = [each for each in every if (module, each.line, each.mutation) not in EQUIVALENT]
            if args.each and len(chosen) > args.each:
                chosen = random.Random(SEED).sample(chosen, args.each)
            alive = survivors(chosen, trees, args.workers)
            made, killed = made + len(chosen), killed + len(chosen) - len(alive)
            counted = f"{len(chosen) - len(alive)} of {len(chosen)} killed ({len(every)} possible)"
            print(f"{module}: {counted}", flush=True)
            for mutant in alive:
                print(f"  survives: {mutant.number}: {mutant.line} | {mutant.mutation}")
    print(f"{killed} of {made} killed, {killed / made:.1%}; {len(EQUIVALENT)} are equivalent")
    return 0 if killed >= 0.9 * made else 1


if __name__ == "__main__":
    sys.exit(main())
