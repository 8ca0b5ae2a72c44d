"""What pip installs is what the repository holds: a package that is not listed vanishes from the wheel."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_package_is_listed() -> None:
    folders = SETUPTOOLS["package-dir"]
    found = {
        ".".join([name, *init.parent.relative_to(ROOT / folder).parts])
        for name, folder in folders.items()
        for init in (ROOT / folder).rglob("__init__.py")
    }
    assert found == set(SETUPTOOLS["packages"])


def test_every_folder_has_its_link_for_the_checkers() -> None:
    links = {f"argusd.{link.name}": link.resolve() for link in (ROOT / ".paths/argusd").iterdir()}
    assert links == {name: ROOT / folder for name, folder in SETUPTOOLS["package-dir"].items()}
