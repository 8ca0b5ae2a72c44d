"""The dashboard in a browser: what needs a look first, among thousands, with few requests."""

import asyncio
import math
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from argusd.api.hosts.beats import Host
from argusd.ingest.ipc.messages import SessionState, TrackState
from argusd.scheduler.contract import redis_keys as keys

from ...peers.browsing import DESK, PHONE, fill, page, seen, violations
from ...peers.remote import Browser
from ...ports import free_port
from ...shared_redis import connected, shared_redis
from ..fakes import S1
from ..fixtures import Rig
from ..sessions.test_several_hosts import Hosts

pytestmark = pytest.mark.browser

NAMES = "[...document.querySelectorAll('#sessions a')].map(each => each.innerText)"
ASKED = (
    "performance.getEntriesByType('resource')"
    ".filter(({name}) => /reviews|operations.json|ready|metrics|results/.test(name))"
)


async def with_sessions(rig: Rig, count: int) -> None:
    """So many sessions; where there are any, one is frozen and one has a violation that goes on."""
    for begin in range(0, count, 50):
        names = [f"exam-{number:04}" for number in range(begin, min(count, begin + 50))]
        await asyncio.gather(*(rig.api.json("PUT", f"/sessions/{name}") for name in names))
    if count:
        for name in ("s1", "s2"):
            await rig.api.publish(name)
            rig.worker.say(SessionState(name, "live"))
        rig.worker.say(TrackState(S1, "video", "stale", "frozen"))
        rig.scheduler.find("s2", type="violation", name="phone_detected", state="start")
        await rig.api.until("/reviews", lambda body: body["waiting"] == 1 and "frozen" in str(body))


async def test_what_needs_a_look_stands_first_and_leads_to_its_review(browser: Browser, rig: Rig) -> None:
    await with_sessions(rig, 3)
    async with page(browser, rig.api.url) as tab:
        await seen(tab, f"{NAMES}.length === 5")
        assert (await tab.run(NAMES))[:2] == ["s2", "s1"]
        text = await tab.run("document.getElementById('sessions').innerText")
        assert "violation now" in text
        assert "video frozen" in text
        assert await tab.run("document.getElementById('waiting').innerText") == "1 to look at"
        await tab.run("document.querySelector('#sessions a').focus()")
        rig.scheduler.find("s2", type="violation", name="phone_detected", state="end")
        await seen(tab, "!document.getElementById('sessions').innerText.includes('violation now')")
        assert await tab.run("document.activeElement.innerText") == "s2", "the focus stays"
        await tab.run("document.activeElement.click()")
        await seen(tab, "document.title === 'Review of s2'")


async def test_hundreds_of_sessions_are_paged_and_searched(browser: Browser, rig: Rig) -> None:
    await with_sessions(rig, 500)
    async with page(browser, rig.api.url) as tab:
        await seen(tab, "document.getElementById('which').innerText === '1–20 of 502'")
        first = await tab.run(NAMES)
        await tab.run("document.getElementById('later').click()")
        await seen(tab, "document.getElementById('which').innerText === '21–40 of 502'")
        assert not set(first) & set(await tab.run(NAMES))
        await fill(tab, "search", "exam-0123")
        await seen(tab, f"{NAMES}.join() === 'exam-0123'")
        await fill(tab, "search", "nobody")
        await seen(tab, "!document.getElementById('none-fits').hidden")
        assert await tab.troubles() == []


async def test_who_comes_back_from_a_review_is_where_they_were(browser: Browser, rig: Rig) -> None:
    await with_sessions(rig, 50)
    async with page(browser, rig.api.url) as tab:
        await fill(tab, "show", "ended")
        await seen(tab, "document.getElementById('which').innerText === '1–20 of 50'")
        await tab.run("document.getElementById('later').click()")
        await seen(tab, "document.getElementById('which').innerText === '21–40 of 50'")
        await tab.run("document.querySelector('#sessions a').click()")
        await seen(tab, "document.title.startsWith('Review of exam')")
        await tab.look("history.back()")
        await seen(tab, "document.getElementById('which')?.innerText === '21–40 of 50'")
        assert await tab.run("document.getElementById('show').value") == "ended"


async def test_hosts_that_do_not_answer_are_named(browser: Browser, tmp_path: Path) -> None:
    missing = "document.querySelector('#missing:not([hidden])')"
    async with AsyncExitStack() as stack:
        url = stack.enter_context(shared_redis())
        redis = await stack.enter_async_context(connected(url))
        host = await Hosts(tmp_path, redis, url, stack).start("a")
        tab = await stack.enter_async_context(page(browser, host.api.url))
        away = Host("b", f"http://127.0.0.1:{free_port()}")
        await redis.set(keys.host(away.host_id), msgspec.json.encode(away))
        await redis.zadd(keys.BEATS, {away.host_id: math.inf})
        assert "not listed: b." in await seen(tab, f"{missing}?.innerText")
        assert await violations(tab) == []
        await redis.delete(keys.host(away.host_id))
        await seen(tab, f"{missing} === null")


async def test_figures_lie_two_in_a_row_on_the_narrowest_phones(browser: Browser, rig: Rig) -> None:
    async with page(browser, rig.api.url, size=(360, 740)) as tab:
        tops = "[...document.querySelectorAll('.figures dl')].map((each) => each.getBoundingClientRect().top)"
        first, second, third, *_ = await tab.run(tops)
        assert first == second < third


async def test_it_asks_once_a_second(browser: Browser, rig: Rig) -> None:
    await with_sessions(rig, 3)
    async with page(browser, rig.api.url) as tab:
        await tab.run(
            "new Promise(done => new PerformanceObserver(() => "
            f"{ASKED}.length > 3 && done()).observe({{type: 'resource', buffered: true}}))"
        )
        starts = await tab.run(f"{ASKED}.map(({{startTime}}) => startTime)")
        assert all(later - one >= 999 for one, later in pairwise(starts))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("count", [0, 3])
async def test_everybody_can_read_it(
    browser: Browser, rig: Rig, theme: str, size: tuple[int, int], count: int
) -> None:
    await with_sessions(rig, count)
    async with page(browser, rig.api.url, theme, size) as tab:
        await seen(tab, "document.getElementById('state').innerText === 'ready'")
        await seen(tab, f"{NAMES}.length === {count and count + 2}")
        assert await violations(tab) == []
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"
        assert await tab.troubles() == []
