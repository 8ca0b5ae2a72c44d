"""The documents build into a site without a broken link, and the site asks nothing of other hosts."""

import re
import shutil
from pathlib import Path

from .guide import ROOT, build, built

LOADED = re.compile(r"<(?:script|img|link|iframe)\b[^>]*(?:src|href)=\"((?:https?:)?//[^\"]*)\"")
INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<[^>]*\s(?:on\w+|style)=")


def test_the_site_builds_strictly_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    site = built(tmp_path / "site")
    pages = {page.stem: page.read_text() for page in site.glob("*.html")}
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} <= set(pages)
    assert {name: found for name, text in pages.items() if (found := LOADED.findall(text))} == {}
    assert {name: found for name, text in pages.items() if (found := INLINE.findall(text))} == {}
    assert "Working on argusd" in pages["contributing"]
    named = set(re.findall(r'<td id="(\w+)">', pages["glossary"]))
    assert {"gaze_away", "speech_detected", "video_lost"} <= named, "where the daemon's pages lead to"


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    for name in ("docs", "api/ui"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.md"))
    (tmp_path / "docs" / "index.md").write_text("# Pages\n\n[gone](gone.md) and [outside](../gone.md)\n")
    made = build(tmp_path, tmp_path / "site")
    assert made.returncode != 0
    assert made.stderr.count("gone") == 2
