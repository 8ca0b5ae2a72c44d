"""The evidence of a violation on the review page, made by a real recorder."""

import pytest

from ...peers.browsing import page, press, seen, violations
from ...peers.remote import Browser
from ..evidence.test_keeper import filmed, finished, recording, starts
from ..fixtures import Rig

pytestmark = pytest.mark.browser

DRAWN = "document.querySelectorAll('.overlay:not([hidden]) .person').length"


async def test_what_was_found_is_drawn_over_the_picture_on_demand(browser: Browser, rig: Rig) -> None:
    async with recording(rig.api), filmed(rig):
        starts(rig)
        await finished(rig)
        async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
            await seen(tab, "document.querySelector('#evidence img')")
            assert await tab.run(DRAWN) == 0, "the picture as it was"
            await press(tab, "b")
            await seen(tab, f"{DRAWN} === 1")
            assert await violations(tab) == []
            await tab.run("document.getElementById('overlay').click()")
            await seen(tab, f"{DRAWN} === 0")
            assert await tab.troubles() == []


async def test_evidence_stands_beside_its_own_violation_only(browser: Browser, rig: Rig) -> None:
    async with recording(rig.api), filmed(rig):
        starts(rig)
        await finished(rig)
        await rig.api.json("PUT", "/sessions/s1", json={"policy": {}})
        starts(rig, "gaze_away")
        async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
            await seen(tab, "document.querySelector('#evidence img')")
            await press(tab, "j")
            await seen(tab, "document.querySelector('#evidence').innerText.includes('No evidence was kept')")
            await press(tab, "k")
            await seen(tab, "document.querySelector('#evidence img')")
