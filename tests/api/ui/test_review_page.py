"""The review page in a browser, used as a reviewer does."""

import asyncio
import csv
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from argusd.api.config import Token
from argusd.ingest.ipc.messages import SessionState, TrackState

from ...peers.browsing import DESK, NARROW, PHONE, Look, fill, page, press, seen, show, violations
from ...peers.chromium import ChromiumTab
from ...peers.remote import Browser
from ...waiting import answered
from ..fakes import S1
from ..fixtures import Rig, running_rig

pytestmark = pytest.mark.browser

BEGAN = 1_790_000_000.0
FOUND = [
    ("face", "gaze_away", 5.0, 9.0),
    ("video", "phone_detected", 12.0, 20.0),
    ("face", "gaze_away", 26.0, 28.5),
    ("audio", "speech_detected", 30.0, 31.0),
]
SHOWN = "[...document.querySelectorAll('#violations li')].map(each => each.innerText)"
# As it is pressed, or held: within one turn of the page, so that nothing happens in between.
KEY = "((key, repeat) => dispatchEvent(new KeyboardEvent('keydown', {key, repeat})))"
CHOSEN = "document.querySelector('#violations [aria-current=true]')?.innerText ?? ''"


async def with_violations(rig: Rig, count: int = len(FOUND)) -> list[int]:
    """The seqs of the starts of so many violations in session s1, which goes on."""
    await rig.api.publish("s1")
    rig.worker.say(SessionState("s1", "live"))
    for number in range(count):
        stream, name, start, end = FOUND[number % len(FOUND)]
        at = {"type": "violation", "name": name, "stream": stream, "severity": "warning"}
        base = BEGAN + 40 * (number // len(FOUND))
        rig.scheduler.find("s1", **at, state="start", captured_at=base + start, media_s=start)
        ended = {"duration_s": end - start, "value": 0.8, "threshold": 0.5}
        rig.scheduler.find("s1", **at, state="end", captured_at=base + end, media_s=end, data=ended)
    report = await rig.api.until("/sessions/s1/report", lambda body: all_over(body, count))
    return [each["seq"] for each in report["violations"]]


def all_over(report: dict[str, Any], count: int) -> bool:
    violations = report["violations"]
    return len(violations) == count and all(each["ended_at"] for each in violations)


async def type_in(tab: ChromiumTab, field: str, text: str) -> None:
    await tab.run(f"document.getElementById('{field}').focus()")
    await tab.command("Input.insertText", text=text)


async def click(tab: ChromiumTab, selector: str) -> None:
    await tab.run(f"document.querySelector({selector!r}).click()")


async def test_from_a_violation_to_its_review_its_report_and_nothing_left(
    browser: Browser, rig: Rig, tmp_path: Path
) -> None:
    first, *_ = await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await tab.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        assert "gaze away" in await tab.run("document.getElementById('chosen-title').innerText")
        await type_in(tab, "comment", "reads from a sheet")
        await type_in(tab, "reviewer", "Ada")
        await click(tab, "[data-state=acknowledged]")
        await seen(tab, "document.getElementById('judged').innerText === 'gaze away: acknowledged by Ada'")
        (review,) = (await rig.api.json("GET", "/sessions/s1/reviews"))[1]["reviews"]
        assert (review["seq"], review["comment"]) == (first, "reads from a sheet")
        assert "phone detected" in await tab.run(CHOSEN), "the next one to decide about"
        await click(tab, "#csv")
        (line, *_) = await saved(tmp_path / "s1.csv")
        assert (line["violation"], line["comment"], line["reviewer"]) == (
            "gaze_away",
            "reads from a sheet",
            "Ada",
        )
        await click(tab, "#delete")
        await seen(tab, "document.getElementById('sure').open")
        await click(tab, "#sure .danger")
        await seen(tab, "document.getElementById('content').hidden && state.innerText === 'gone'")
    assert (await rig.api.json("GET", "/sessions/s1/report"))[0] == 404
    assert (await rig.api.json("GET", "/reviews"))[1]["sessions"] == []


async def saved(file: Path) -> list[dict[str, str]]:
    """The lines of a table, once the browser has saved it."""

    async def look() -> list[dict[str, str]]:
        return await asyncio.to_thread(lines, file)

    return await answered(look, bool)


def lines(file: Path) -> list[dict[str, str]]:
    # The first character is for spreadsheets, which take the file for UTF-8 by it.
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig")))) if file.exists() else []


async def test_keys_go_through_violations_and_decide(browser: Browser, rig: Rig) -> None:
    await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        await press(tab, "j")
        assert "phone detected" in await tab.run(CHOSEN)
        await press(tab, "k")
        assert "gaze away" in await tab.run(CHOSEN)
        await press(tab, "d")
        await seen(tab, "document.getElementById('judged').innerText === 'gaze away: dismissed'")
        await press(tab, "n")
        assert "gaze away" in await tab.run(CHOSEN), "the third"
        await press(tab, "/")
        await press(tab, "j")
        assert await tab.run("document.getElementById('search').value") == "j", "who writes goes nowhere"
        await tab.run("document.activeElement.blur()")
        await press(tab, "?")
        await seen(tab, "document.getElementById('keys').open")
        await click(tab, "#use-keys")
        await tab.run("document.getElementById('keys').close()")
        before = await tab.run(CHOSEN)
        await press(tab, "k")
        assert await tab.run(CHOSEN) == before, "keys are switched off"
        assert await tab.troubles() == []


async def test_each_key_decides_about_the_violation_that_is_shown(browser: Browser, rig: Rig) -> None:
    first, *_ = await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        await tab.run(f"{KEY}('a'); {KEY}('d'); {KEY}('d', true)")
        await seen(tab, "document.getElementById('judged').innerText === 'gaze away: acknowledged'")
        await press(tab, "?")
        await press(tab, "d")
        await tab.run("document.getElementById('keys').close()")
        await press(tab, "o")
        await seen(tab, "document.getElementById('judged').innerText === 'phone detected: to decide'")
        reviews = (await rig.api.json("GET", "/sessions/s1/reviews"))[1]["reviews"]
    assert [(each["seq"], each["state"]) for each in reviews] == [
        (first, "acknowledged"),
        (first + 2, "open"),
    ]


async def test_a_comment_stays_until_it_is_sent_and_words_stand_beside_what_they_mean(
    browser: Browser, rig: Rig
) -> None:
    await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        await type_in(tab, "comment", "looks at notes")
        await click(tab, "#violations li:nth-child(2) button")
        assert await tab.run("document.getElementById('comment').value") == ""
        meaning = await tab.run("document.querySelector('#meaning a').getAttribute('href')")
        assert meaning == "/guide/glossary.html#phone_detected"
        await click(tab, "#violations li:nth-child(1) button")
        assert await tab.run("document.getElementById('comment').value") == "looks at notes"


async def test_what_another_reviewer_decides_is_seen_and_not_overwritten(browser: Browser, rig: Rig) -> None:
    first, second, *_ = await with_violations(rig)
    comment = "document.getElementById('comment').value"
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        other = {"state": "dismissed", "comment": "a reflection", "reviewer": "Grace"}
        await rig.api.json("PUT", f"/sessions/s1/reviews/{first}", json=other)
        await seen(tab, f"{comment} === 'a reflection'")
        assert await tab.run("document.getElementById('judged').innerText") == "gaze away: dismissed by Grace"
        await press(tab, "j")
        await type_in(tab, "comment", "my own")
        await rig.api.json("PUT", f"/sessions/s1/reviews/{second}", json=other)
        await seen(tab, f"{SHOWN}[1].includes('dismissed by Grace')")
        assert await tab.run(comment) == "my own", "what is being written stays"


async def test_the_address_leads_to_the_violation_that_is_chosen(browser: Browser, rig: Rig) -> None:
    _, second, *_ = await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1&violation=999") as tab:
        await seen(tab, "document.getElementById('problem').innerText.includes('not kept any more')")
        await press(tab, "j")
        assert await tab.run("document.getElementById('problem').hidden")
        await seen(tab, f"location.search.endsWith('violation={second}')")
        await tab.go(await tab.run("location.href"))
        await seen(tab, f"({CHOSEN}).includes('phone detected')")


async def test_the_tab_key_stops_once_in_the_list_and_arrows_go_through_it(
    browser: Browser, rig: Rig
) -> None:
    await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        assert await tab.run("document.querySelectorAll('#violations [tabindex=\"0\"]').length") == 1
        await tab.run("document.querySelector('#violations [tabindex=\"0\"]').focus()")
        await press(tab, "ArrowDown")
        assert "phone detected" in await tab.run("document.activeElement.innerText")
        await press(tab, "End")
        assert "speech detected" in await tab.run("document.activeElement.innerText")
        assert await tab.run("document.activeElement.getAttribute('aria-current')") == "true"


async def test_a_deletion_that_failed_is_asked_about_anew(browser: Browser, rig: Rig) -> None:
    await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        await rig.api.close()
        await click(tab, "#delete")
        await click(tab, "#sure .danger")
        await seen(tab, "!document.getElementById('problem').hidden")
        await rig.api.open()
        await seen(tab, "document.getElementById('state').innerText === 'live'")
        await click(tab, "#delete")
        await tab.run("document.getElementById('sure').close()")  # as the key Escape does
        await press(tab, "j")
        await seen(tab, "location.search.includes('violation')")
        assert (await rig.api.json("GET", "/sessions/s1"))[0] == 200


async def test_a_daemon_that_goes_and_comes_back(browser: Browser, rig: Rig) -> None:
    seqs = await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.getElementById('state').innerText === 'live'")
        await rig.api.close()
        await seen(tab, "document.getElementById('state').innerText === 'connecting again'")
        await press(tab, "a")
        await seen(tab, "document.getElementById('judged').innerText === 'The daemon does not answer.'")
        await rig.api.open()
        await rig.api.json("PUT", f"/sessions/s1/reviews/{seqs[3]}", json={"state": "dismissed"})
        await seen(tab, f"{SHOWN}[3].includes('dismissed')")
        await seen(tab, "document.getElementById('state').innerText === 'live'")


async def test_what_happens_meanwhile_appears(browser: Browser, rig: Rig) -> None:
    seqs = await with_violations(rig)
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.getElementById('state').innerText === 'live'")
        rig.worker.say(TrackState(S1, "video", "stale", "frozen"))
        await seen(tab, "document.getElementById('state').innerText === 'video frozen'")
        assert await tab.run("document.querySelectorAll('#timeline .frozen').length") == 1
        await rig.api.json("PUT", f"/sessions/s1/reviews/{seqs[3]}", json={"state": "dismissed"})
        await seen(tab, f"{SHOWN}[3].includes('dismissed')")
        asked = "performance.getEntriesByType('resource').filter(({name}) => name.endsWith('/report'))"
        starts = await tab.run(f"{asked}.map(({{startTime}}) => startTime)")
        assert all(later - one >= 999 for one, later in pairwise(starts))


async def test_the_timeline_follows_the_window(browser: Browser, rig: Rig) -> None:
    await with_violations(rig)
    rig.worker.say(SessionState("s1", "closed", "client"))
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.getElementById('state').innerText === 'closed'")
        await show(tab, Look("light", NARROW))
        apart = "(each, at, all) => at === 0 || each.left > all[at - 1].right"
        times = "[...document.querySelectorAll('.tick')].map((each) => each.getBoundingClientRect())"
        await seen(tab, f"{times}.every({apart})")
        bars = times.replace("tick", "violation")
        narrowest = await tab.run(f"Math.min(...{bars}.map(({{ width }}) => width))")
        assert narrowest > 2.9, "short ones can be seen"


async def test_the_filter_shows_what_fits(browser: Browser, rig: Rig) -> None:
    seqs = await with_violations(rig)
    await rig.api.json("PUT", f"/sessions/s1/reviews/{seqs[0]}", json={"state": "dismissed"})
    async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
        await seen(tab, "document.querySelectorAll('#violations li').length === 4")
        await type_in(tab, "search", "gaze")
        await seen(tab, "document.getElementById('count').innerText === '2 of 4'")
        await fill(tab, "decision", "open")
        await seen(tab, "document.getElementById('count').innerText === '1 of 4'")
        assert await tab.run("document.querySelectorAll('#timeline .violation').length") == 1
        await fill(tab, "stream", "audio")
        await seen(tab, "document.getElementById('none').innerText === 'No violation fits the filter.'")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("count", [0, 4])
async def test_everybody_can_read_it(
    browser: Browser, rig: Rig, theme: str, size: tuple[int, int], count: int
) -> None:
    await with_violations(rig, count)
    async with page(browser, f"{rig.api.url}/review?session=s1", theme, size) as tab:
        await seen(tab, f"!content.hidden && document.querySelectorAll('#violations li').length === {count}")
        assert await violations(tab) == []
        assert await tab.run("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off"
        await press(tab, "?")
        assert await violations(tab) == []
        assert await tab.troubles() == []


async def test_a_visitor_without_a_token_is_asked_for_one(browser: Browser, tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=(Token("a token of reviewers"),)) as rig:
        bearer = {"Authorization": "Bearer a token of reviewers"}
        await rig.api.json("PUT", "/sessions/s1", headers=bearer)
        async with page(browser, f"{rig.api.url}/review?session=s1") as tab:
            for token, said in (
                ("a guess", "asks for a token"),
                ("a token of reviewers", "is not known here"),
            ):
                await seen(tab, f"document.getElementById('problem').innerText.includes('{said}')")
                await tab.run(f"document.getElementById('token').value = '{token}'")
                await click(tab, "#sign-in button")
            await seen(tab, "document.getElementById('state').innerText === 'created'")
            assert await tab.run("document.getElementById('problem').hidden")
