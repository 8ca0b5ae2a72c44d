"""The operations page in a browser: what it says, what it asks for, and whether everybody can read it."""

from itertools import pairwise
from pathlib import Path

import pytest

from argusd.api.config import Token
from argusd.scheduler.contract.messages import Histogram, RoleStatus

from ...peers.browsing import DESK, PHONE, page, seen, violations
from ...peers.remote import Browser
from ..fixtures import Rig, running_rig
from ..webhooks.listener import listening, webhook

pytestmark = pytest.mark.browser

SIZES = Histogram([1.0, 2.0, 4.0], [10, 30, 40], 120.0, 40)
SECONDS = Histogram([0.01, 0.1], [20, 40], 0.8, 40)
ROLES = [
    RoleStatus("face_detector", "blazeface", True, "", 0.25, precision="f32"),
    RoleStatus("lip_sync", "", False, "no weights: argusd models pull syncnet", 0.0, live=False),
]
TEXT = "document.querySelector('main').innerText.replace(/\\s+/g, ' ')"


def work(rig: Rig, times: int) -> None:
    """The scheduler has done so much."""
    rig.scheduler.tell_stats(
        roles=ROLES,
        batch_size={"blazeface": more(SIZES, times)},
        infer_seconds={"blazeface": more(SECONDS, times)},
        frame_age_seconds={"face": more(SECONDS, times)},
    )


def more(histogram: Histogram, times: int) -> Histogram:
    counts = [count * times for count in histogram.counts]
    return Histogram(histogram.bounds, counts, histogram.sum * times, histogram.count * times)


async def test_it_tells_of_workers_models_webhooks_and_what_happened_since_it_was_opened(
    browser: Browser, tmp_path: Path
) -> None:
    async with (
        listening() as listener,
        running_rig(tmp_path, webhooks=(webhook(tmp_path, listener.url),)) as rig,
    ):
        await rig.api.publish("s1")
        work(rig, 1)
        await rig.api.until("/operations.json", lambda body: body["batch_size"])
        async with page(browser, f"{rig.api.url}/operations") as tab:
            assert await seen(tab, "document.getElementById('state').textContent === 'ready'")
            await seen(tab, "document.querySelector('#webhooks tr')")
            work(rig, 2)
            await seen(tab, "document.querySelector('#models svg')")
            text = await tab.run(TEXT)
            for said in (
                "live sessions 1 still fit 4 tasks at work 0 of the wanted rates 100 %",
                "scheduler-bulk does not answer",
                "face p50 10 ms p95 91 ms",
                "scheduler-0 ready closed cpu 1 0 20 %",
                "face detector blazeface ready 0.3 s f32 40 3.0 91 ms",
                "lip sync – no weights: argusd models pull syncnet",
                "exams delivering – – 0",
            ):
                assert said in text
            label = await tab.run("document.querySelector('#models svg').getAttribute('aria-label')")
            assert label == "Batches of blazeface by size: up to 1: 10, up to 2: 20, up to 4: 10, more: 0"
            assert await tab.troubles() == []


async def test_it_asks_once_in_two_seconds(browser: Browser, rig: Rig) -> None:
    async with page(browser, f"{rig.api.url}/operations") as tab:
        asked = "performance.getEntriesByType('resource').filter(({name}) => name.endsWith('.json'))"
        await tab.run(
            "new Promise(done => new PerformanceObserver((list, watch) => "
            f"{asked}.length > 2 && done()).observe({{type: 'resource', buffered: true}}))"
        )
        starts = await tab.run(f"{asked}.map(({{startTime}}) => startTime)")
        assert min(later - one for one, later in pairwise(starts)) >= 1999


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_everybody_can_read_it(browser: Browser, rig: Rig, theme: str, size: tuple[int, int]) -> None:
    work(rig, 1)
    await rig.api.until("/operations.json", lambda body: body["batch_size"])
    async with page(browser, f"{rig.api.url}/operations", theme, size) as tab:
        await seen(tab, "document.querySelector('#models tr')")
        work(rig, 2)
        await seen(tab, "document.querySelector('#models svg')")
        assert await violations(tab) == []
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"


async def test_a_visitor_without_a_token_is_asked_for_one(browser: Browser, tmp_path: Path) -> None:
    async with (
        running_rig(tmp_path, tokens=(Token("a token of operators"),)) as rig,
        page(browser, f"{rig.api.url}/operations") as tab,
    ):
        await seen(tab, "document.getElementById('reasons').innerText.includes('asks for a token')")
        assert await violations(tab) == []
        await tab.run("document.getElementById('token').value = 'a token of operators'")
        await tab.run("document.querySelector('#sign-in button').click()")
        await seen(tab, "document.getElementById('state').textContent === 'ready'")
