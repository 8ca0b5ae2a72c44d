"""What holds for the code as a whole."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("api", "benchmarks", "daemon", "ingest", "interviewer_bridge", "kernels", "scheduler")
MODULES_A_FOLDER = 16


def test_every_module_that_the_architecture_names_exists() -> None:
    named = re.findall(r"`([a-z_]+/[a-z0-9_/]+\.py)`", (ROOT / "docs" / "architecture.md").read_text())
    assert len(named) > 20
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_holds_few_enough_modules_to_be_read_at_a_glance(folder: str) -> None:
    places = [path for path in (ROOT / folder, *(ROOT / folder).rglob("*")) if path.is_dir()]
    crowds = {
        str(place.relative_to(ROOT)): count
        for place in places
        if (count := sum(path.name != "__init__.py" for path in place.glob("*.py"))) > MODULES_A_FOLDER
    }
    assert crowds == {}


def test_text_is_utf_8_whatever_the_locale() -> None:
    modules = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = [
        f"{path.name}:{call.lineno}"
        for path in modules
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and len(call.args) < {"read_text": 1, "write_text": 2}.get(call.func.attr, 0)
        and not any(given.arg == "encoding" for given in call.keywords)
    ]
    assert found == []


def test_what_is_sent_is_matched_to_its_very_end() -> None:
    """``$`` would also match before a line's end: ``contract/names.py`` has what does not."""
    modules = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = [path.name for path in modules if re.search(r'pattern=[rf]*"[^"\n]*\$"', path.read_text("utf-8"))]
    assert found == []


def test_cores_are_counted_in_one_place() -> None:
    """``scheduler/allowed_cores.py`` knows of quotas; who reads each core's line in /proc asks which ones."""
    modules = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = {
        str(path.relative_to(ROOT))
        for path in modules
        if re.search(r"\b(cpu_count|sched_getaffinity)\(", path.read_text("utf-8"))
    }
    assert found == {"scheduler/allowed_cores.py", "scheduler/runtime/cores.py"}
