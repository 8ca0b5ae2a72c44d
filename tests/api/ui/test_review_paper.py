"""The report as it is printed: what a reviewer hands on."""

import base64

import pytest

from ...peers.browsing import page, seen
from ...peers.chromium import ChromiumTab
from ...peers.remote import Browser
from ..evidence.test_keeper import files, filmed, finished, recording, starts
from ..fixtures import Rig

pytestmark = pytest.mark.browser

ONE = "document.querySelectorAll('#violations li').length === 1"
PRESS = "window.print = () => { window.printed = true; }; document.getElementById('print').click()"
PAPER = "document.getElementById('paper').textContent"
NOTE = "document.querySelector('#paper-note:not([hidden])')?.textContent ?? ''"


async def printed(tab: ChromiumTab) -> bytes:
    """The paper, as a PDF."""
    return base64.b64decode((await tab.command("Page.printToPDF"))["data"])


def pictures_in(pdf: bytes) -> int:
    return pdf.count(b"/Subtype /Image")


async def test_a_violation_is_printed_with_its_picture_and_its_review(browser: Browser, rig: Rig) -> None:
    async with recording(rig.api), filmed(rig):
        starts(rig)
        (evidence,) = await finished(rig)
        (violation,) = (await rig.api.json("GET", "/sessions/s1/report"))[1]["violations"]
        review = {"state": "acknowledged", "comment": "left for <b>tea</b>", "reviewer": "Ada"}
        await rig.api.json("PUT", f"/sessions/s1/reviews/{violation['seq']}", json=review)
        async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
            await seen(tab, ONE)
            await tab.run(PRESS)
            await seen(tab, "window.printed && !document.getElementById('print').disabled")
            assert pictures_in(await printed(tab)) == 1
            said = await tab.run(PAPER)
            assert "acknowledged by Ada" in said
            assert "left for <b>tea</b>" in said
            assert evidence["hash"][:12] in said
            assert await tab.run(NOTE) == ""
            assert await tab.troubles() == []


async def test_paper_without_pictures_says_how_they_are_printed(browser: Browser, rig: Rig) -> None:
    async with recording(rig.api), filmed(rig):
        starts(rig)
        await finished(rig)
        async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
            await seen(tab, ONE)
            assert pictures_in(await printed(tab)) == 0
            assert "the button Print of the review page" in await tab.run(NOTE)


async def test_a_picture_that_was_changed_is_printed_as_such(browser: Browser, rig: Rig) -> None:
    async with recording(rig.api), filmed(rig):
        starts(rig)
        await finished(rig)
        (file,) = files(rig)
        file.write_bytes(file.read_bytes()[:-2] + b"\0\0")
        async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
            await seen(tab, ONE)
            await tab.run(PRESS)
            await seen(tab, "window.printed")
            await printed(tab)
            assert "The snapshot is not as it was made" in await tab.run(PAPER)
