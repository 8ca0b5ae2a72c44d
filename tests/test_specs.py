"""Tasks and streams are named where they are declared, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from argusd.scheduler.contract.catalog import STREAMS, TASKS
from argusd.scheduler.contract.media import TrackKind

ROOT = Path(__file__).parents[1]
FOLDERS = ("api", "benchmarks", "daemon", "ingest", "interviewer_bridge", "kernels", "scheduler", "systemd")
DECLARED_IN = (ROOT / "scheduler" / "contract" / "tasks", ROOT / "scheduler" / "contract" / "streams")
# A service of another house, and benchmarks that ask as one does.
CALLERS = tuple(
    ROOT / name
    for name in (
        "interviewer_bridge/example",
        "benchmarks/accuracy",
        "benchmarks/admission.py",
        "benchmarks/live.py",
        "benchmarks/memory.py",
        "benchmarks/peers/crowd.py",
        "benchmarks/results",
        "benchmarks/rivals",
        "benchmarks/serving",
    )
)
# A track is called like the stream that it alone feeds, so these are known by what they stand for.
TRACKS = get_args(TrackKind)
NAMES = TASKS.keys() | STREAMS.keys() - set(TRACKS)


def test_no_module_but_the_specs_names_a_task_or_a_stream() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources(".py")
        for line, name in named_in(ast.parse(path.read_text()))
    ]
    assert found == []


def test_the_dashboard_and_other_files_name_none_either() -> None:
    # An English word is no name there.
    names = re.compile(rf"\b(?:{'|'.join(NAMES - {'face'})})\b")
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (*sources(".js"), *sources(".html"), *sources(".toml"), *sources(".service"))
        for name in names.findall(path.read_text())
    ]
    assert found == []


def test_a_table_of_names_would_be_found() -> None:
    table = 'TIERS = {"face_embed": "live"}\ndef f(of: StreamName = "audio"): return of != "lipsync"'
    assert [name for _, name in named_in(ast.parse(table))] == ["face_embed", "lipsync", "audio"]
    assert list(named_in(ast.parse('"""Of face_embed and lipsync."""\nkind = "audio"'))) == []


def sources(suffix: str) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
            if not any(path.is_relative_to(each) for each in (*DECLARED_IN, *CALLERS)):
                yield path


def named_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Lines and names of the literals that name a task or a stream; what documents is none."""
    documents = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    literals = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    for node in literals:
        if node.value in NAMES and id(node) not in documents:
            yield node.lineno, str(node.value)
    for each in of_streams(tree):
        if isinstance(each, ast.Constant) and each.value in TRACKS:
            yield each.lineno, str(each.value)


def of_streams(tree: ast.Module) -> Iterator[ast.AST]:
    """What is given to those who are annotated to take a stream's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and node.value and "StreamName" in ast.unparse(node.annotation):
            yield from ast.walk(node.value)
        elif isinstance(node, ast.arguments):
            arguments = [*node.posonlyargs, *node.args][-len(node.defaults) :] if node.defaults else []
            for argument, default in zip(arguments, node.defaults, strict=True):
                if argument.annotation and "StreamName" in ast.unparse(argument.annotation):
                    yield default
