"""The guide in a browser: a stranger searches it, and everybody can read it."""

from pathlib import Path

import pytest

from argusd.api.ops import guide

from ...guide import built
from ...peers.browsing import DESK, NARROW, PHONE, page, seen, violations
from ...peers.remote import Browser
from ..fixtures import Rig

pytestmark = pytest.mark.browser

HITS = "[...document.querySelectorAll('#search-results li > a')].map((each) => each.textContent)"
NAMELESS = '<th class="head"><p></p></th>'  # a column
LOOKED_AT = [
    ("index", "light", DESK),
    ("evidence", "light", DESK),
    ("operations", "dark", PHONE),
    ("policy", "light", NARROW),
]
WHOLE = "[...document.querySelectorAll('.whole')].map((each) => each.getClientRects().length)"


async def test_what_is_looked_for_is_found_and_everybody_can_read_it(
    browser: Browser, rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = built(tmp_path / "site")
    monkeypatch.setattr(guide, "SITE", site)
    async with page(browser, f"{rig.api.url}/guide/") as tab:
        await tab.run("document.querySelector('input[name=q]').value = 'TURN'")
        await tab.run("document.querySelector('header form').requestSubmit()")
        await seen(
            tab,
            f"document.querySelector('#search-results') && {HITS}.some((each) => each.includes('network'))",
        )
        assert await tab.troubles() == []
    for name, theme, size in LOOKED_AT:
        async with page(browser, f"{rig.api.url}/guide/{name}.html", theme, size) as tab:
            assert await violations(tab) == [], name
            assert await tab.run("document.documentElement.scrollWidth <= innerWidth")
            assert await tab.troubles() == []
    async with page(browser, f"{rig.api.url}/guide/evidence.html") as tab:
        await tab.run(
            "for (const each of document.querySelectorAll('.whole')) each.parentElement.style.width = 0"
        )
        assert set(await tab.run(WHOLE)) == {1}, "a hash's name is on one line"
    assert [each.name for each in site.glob("*.html") if NAMELESS in each.read_text()] == []
