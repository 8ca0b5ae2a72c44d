"""The rivals' environments: each a virtual environment of its own, from requirements that are pinned here.

``python -m argusd.benchmarks.rivals.environments [NAME ...]`` (``make bench-peers``) makes those that are not
there or whose requirements have changed since. They lie in the user's cache, outside the tree.
"""

import hashlib
import shutil
import subprocess
import sys
import venv
from importlib import import_module
from pathlib import Path

from ..rigs.cache import CACHE

NAMES = ("plain", "mosec", "litserve", "aqueduct", "pytriton")
HOME = CACHE / "rivals"
REQUIREMENTS = Path(__file__).with_name("requirements")
MADE_FROM = "made-from"
OURS = ("benchmarks", "ingest", "kernels", "scheduler")


def python_of(name: str) -> Path:
    """Its interpreter."""
    return HOME / name / "bin" / "python"


def is_made(name: str) -> bool:
    """Whether its environment is there, and was made from the requirements of today."""
    marker = HOME / name / MADE_FROM
    return marker.is_file() and marker.read_text("utf-8") == _digest(name)


def make(name: str) -> None:
    """Make its environment anew.

    Raises:
        CalledProcessError: pip could not install what it needs; it said why.
    """
    shutil.rmtree(HOME / name, ignore_errors=True)
    venv.create(HOME / name, with_pip=True)
    pip = [str(python_of(name)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(REQUIREMENTS / f"{name}.txt")], check=True)
    (HOME / name / MADE_FROM).write_text(_digest(name), "utf-8")


def ours(folder: Path) -> dict[str, str]:
    """The environment variables by which a rival's interpreter finds what it needs of argusd.

    ``folder`` gets a link to each of our folders, wherever they are installed.
    """
    (folder / "argusd").mkdir(exist_ok=True)
    for name in OURS:
        found = import_module(f"argusd.{name}").__file__
        assert found is not None
        (folder / "argusd" / name).symlink_to(Path(found).parent)
    return {"PYTHONPATH": str(folder)}


def _digest(name: str) -> str:
    texts = (REQUIREMENTS / f"{each}.txt" for each in ("common", name))
    return hashlib.sha256(b"".join(text.read_bytes() for text in texts)).hexdigest()


def main(names: list[str]) -> int:
    """Make what is missing; 1 if one could not be made. The others are there then."""
    failed = 0
    for name in names or NAMES:
        if is_made(name):
            print(f"{name}: there already")
            continue
        print(f"{name}: installing into {HOME / name}", flush=True)
        try:
            make(name)
        except subprocess.CalledProcessError:
            print(f"{name}: could not be made; benchmarks go on without it")
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
