"""The evidence of a violation on the review page, made by a real recorder."""

import pytest

from ...peers.browsing import page, press, seen, violations
from ...peers.remote import Browser
from ..evidence.test_keeper import files, filmed, finished, recording, starts
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
            assert "after the one in which this was found" in await tab.run(
                "document.getElementById('evidence').innerText"
            ), "it was found in a picture of long ago"
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


async def test_what_was_done_to_evidence_is_said(browser: Browser, rig: Rig) -> None:
    checked, shown = (f"document.getElementById('{name}').innerText" for name in ("checked", "evidence"))
    async with recording(rig.api), filmed(rig):
        starts(rig)
        await finished(rig)
        async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
            await seen(tab, "document.querySelector('#evidence img')")
            await tab.run("document.getElementById('check').click()")
            await seen(tab, f"{checked}.startsWith('The evidence is as when it was made (SHA')")
            (file,) = files(rig)
            file.write_bytes(file.read_bytes() + b"more")
            await tab.go(f"{rig.api.url}/review?session=s1")
            await seen(tab, f"{shown}.includes('The snapshot is not as it was made')")
            file.unlink()
            await tab.run("document.getElementById('check').click()")
            await seen(tab, f"{checked}.includes('face absent at ')")
            assert "(its snapshot is missing)" in await tab.run(checked)
            await tab.go(f"{rig.api.url}/review?session=s1")
            await seen(tab, f"{shown}.includes('gone from the disk')")
            assert "SHA\u2011256" in await tab.run(shown), "the record is there"
