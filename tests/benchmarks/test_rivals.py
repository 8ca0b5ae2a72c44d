"""What the rivals' environments and settings are made of; nothing is installed or started here."""

from pathlib import Path

import pytest

from argusd.benchmarks.rivals.environments import NAMES, REQUIREMENTS, ours
from argusd.benchmarks.rivals.settings import CHOICES, TUNED
from argusd.benchmarks.rivals.systems import LIBRARIES, RIVALS
from argusd.benchmarks.serving.work import WORKS


@pytest.mark.parametrize("name", ["common", *NAMES])
def test_every_requirement_is_pinned(name: str) -> None:
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#") and line != "-r common.txt"]
    assert [line for line in wanted if line.count("==") != 1] == []
    assert name == "common" or "-r common.txt" in lines


def test_every_rival_has_an_environment() -> None:
    assert set(RIVALS) == set(NAMES)


def test_every_library_is_set_for_every_task_to_what_was_tried() -> None:
    assert set(TUNED) == {(library.name, work.task) for library in LIBRARIES for work in WORKS}
    assert set(TUNED.values()) <= set(CHOICES)


def test_a_rival_finds_our_folders_wherever_they_are_installed(tmp_path: Path) -> None:
    folder = Path(ours(tmp_path)["PYTHONPATH"])
    assert (folder / "argusd" / "kernels" / "pictures" / "image.py").is_file()
    assert not (folder / "argusd" / "api").exists()
