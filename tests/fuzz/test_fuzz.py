"""What strangers may send, at random: refused or used, and nothing worse."""

import logging
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from .conftest import Cases
from .target import mutated
from .targets import TARGETS

CASES = 150
ROOT = Path(__file__).parents[2]
FOUND = sorted((target.name, path) for target in TARGETS.values() for path in target.found.glob("*"))
EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Refusals are logged; not so many, and only while this file's tests run."""
    caplog.set_level(logging.CRITICAL, "argusd")


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_valid_is_taken(name: str) -> None:
    for seed in TARGETS[name].seeds():
        TARGETS[name].run(seed)


@pytest.mark.parametrize(("name", "path"), FOUND, ids=[f"{name}-{path.name}" for name, path in FOUND])
def test_what_did_harm_once_does_none(name: str, path: Path) -> None:
    TARGETS[name].run(path.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_nearly_valid_does_no_harm(name: str, fuzz_seconds: float, cases: Cases) -> None:
    if fuzz_seconds and find_spec("atheris"):
        cases.count(name, guided(name, fuzz_seconds))
        return
    target, deadline, number = TARGETS[name], time.monotonic() + fuzz_seconds, 0
    seeds = target.seeds()
    while number < CASES or time.monotonic() < deadline:
        case = mutated(seeds, number)
        try:
            target.run(case)
        except Exception:
            target.found.mkdir(parents=True, exist_ok=True)
            (target.found / f"mutation-{number}").write_bytes(case)
            raise
        number += 1
    cases.count(name, number)


def guided(name: str, seconds: float) -> int:
    """Fuzz in a process of its own; how many cases there were."""
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(max(1, round(seconds)))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    found = EXECUTED.search(done.stderr)
    assert found, done.stderr[-4000:]
    return int(found[1])


def test_a_mutation_is_the_same_in_every_run() -> None:
    seeds = [b"one", b"another"]
    assert [mutated(seeds, number) for number in range(50)] == [
        mutated(seeds, number) for number in range(50)
    ]
    assert len({mutated(seeds, number) for number in range(50)}) > 30
