import re
from pathlib import Path

import pytest

from argusd.api import ops
from argusd.daemon.config import is_derived
from argusd.daemon.reference.__main__ import PAGES
from argusd.daemon.reference.configuration import configuration
from argusd.daemon.reference.metrics import metrics
from argusd.daemon.settings.keys import KEYS

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_as_the_code_is(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), f"python -m argusd.daemon.reference {name}"


def test_every_key_that_can_be_set_is_described() -> None:
    described = set(re.findall(r"^\| `(\w+)` \|", configuration(), re.MULTILINE))
    assert {key.rpartition(".")[2] for key in KEYS if not is_derived(key)} <= described


def test_every_figure_that_the_code_names_is_described() -> None:
    named = re.findall(r"^\| `(\w+)` \|", metrics(), re.MULTILINE)
    described = {name.removesuffix("_total") for name in named}
    code = "".join(file.read_text() for file in Path(ops.__path__[0]).glob("*.py"))
    assert set(re.findall(r'"(ml_\w+)"', code)) == described
