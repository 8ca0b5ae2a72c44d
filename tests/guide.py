"""The guide as ``make docs`` builds it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STRICTLY = ("-q", "-W", "--keep-going", "-b", "html")


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """The documents of a tree, built into a folder; what is wrong with them is on stderr."""
    command = (sys.executable, "-m", "sphinx", *STRICTLY, "-d", str(site.with_suffix(".doctrees")))
    return subprocess.run(
        (*command, str(root / "docs"), str(site)), check=False, capture_output=True, text=True
    )


def built(site: Path) -> Path:
    """This tree's, whole."""
    made = build(ROOT, site)
    assert made.returncode == 0, made.stderr
    return site
