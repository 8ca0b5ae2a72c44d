"""What the document says of results and findings is what analyzers tell."""

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.catalog import STREAMS
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.told.findings import LOST_TRACKS

ANALYZERS_FOLDER = Path(__file__).parents[3] / "scheduler" / "analyzers"


@pytest.mark.parametrize("name", STREAMS)
def test_a_result_has_the_fields_of_its_type(name: str) -> None:
    declared: Any = STREAMS[name].result
    told = ANALYZERS[name](Policy()).latest()
    always = {field.name for field in msgspec.structs.fields(declared) if field.required}
    assert set(told) == always
    msgspec.convert(told, declared)


def test_every_violation_that_an_analyzer_may_find_is_declared() -> None:
    declared = {name for stream in STREAMS.values() for name in stream.violations}
    assert declared == {*named("Rule", 0), *named("Aside", 0)}
    assert LOST_TRACKS.keys() == {"video_lost", "audio_lost"}


def test_every_observation_is_declared() -> None:
    declared = {name for stream in STREAMS.values() for name in stream.observations}
    assert declared == set(named("Outcome", 1))


def named(function: str, place: int) -> list[str]:
    """The literals that stand at this place in the calls of a function, in all analyzers."""
    found = []
    for file in ANALYZERS_FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                argument = node.args[place] if len(node.args) > place else None
                found += [str(argument.value)] if isinstance(argument, ast.Constant) else []
    return found
