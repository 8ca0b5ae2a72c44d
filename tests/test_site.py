"""The documents build into a site without a broken link, and the site asks nothing of other hosts."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOADED = re.compile(r"<(?:script|img|link|iframe)\b[^>]*(?:src|href)=\"((?:https?:)?//[^\"]*)\"")


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-b",
        "html",
        str(root / "docs"),
        str(site),
    ]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    built = build(ROOT, tmp_path)
    assert built.returncode == 0, built.stderr
    pages = {page.stem: page.read_text() for page in tmp_path.glob("*.html")}
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} <= set(pages)
    assert {name: found for name, text in pages.items() if (found := LOADED.findall(text))} == {}


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    shutil.copy(ROOT / "docs/conf.py", docs)
    (docs / "index.md").write_text("# Pages\n\n[gone](gone.md) and [outside](../gone.md)\n")
    built = build(tmp_path, tmp_path / "site")
    assert built.returncode != 0
    assert built.stderr.count("gone") == 2
