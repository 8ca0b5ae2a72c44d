"""The API's documentation as a person reads it: offline, from the daemon itself."""

import json

import pytest

from ..live_daemon import Daemon
from .browsing import barriers, page, seen
from .remote import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

OPENED = "document.querySelector('#post_face_verify .details')"
PATHS = """[...document.querySelectorAll('.operation')]
    .filter((each) => each.checkVisibility()).map((each) => each.id)"""


async def test_each_operation_tells_what_it_takes_and_gives(daemon: Daemon, browser: Browser) -> None:
    async with page(browser, f"{daemon.url}/docs") as tab:
        await seen(tab, "document.querySelector('#get_sessions')")
        everything = set(await tab.run(PATHS))
        document = await tab.run("fetch('/openapi.json').then((answer) => answer.json())")
        assert everything == {
            each["operationId"] for path in document["paths"].values() for each in path.values()
        }
        await tab.run("document.querySelector('#post_face_verify summary').click()")
        taken = f"{OPENED}?.querySelector('details[open] .shape')?.innerText"
        await seen(tab, f"{taken}?.includes('reference_embedding_b64 required')")
        assert "no_face" in await seen(tab, f"{OPENED}.innerText")
        assert await barriers(tab) == []
        assert await tab.troubles() == []


async def test_a_command_holds_the_least_that_is_taken(daemon: Daemon, browser: Browser) -> None:
    async with page(browser, f"{daemon.url}/docs") as tab:
        await seen(tab, "document.querySelector('#post_ml_infer')")
        await tab.run("location.hash = 'post_ml_infer'")
        command = await seen(tab, "document.querySelector('#post_ml_infer pre')?.innerText")
        _, json_text, url = command.split("'")
        assert url.strip() == f'"{daemon.url}/ml/infer"'
        asked = json.loads(json_text)
        assert asked["task_type"]
        assert asked["payload"]


async def test_what_is_looked_for_is_found(daemon: Daemon, browser: Browser) -> None:
    async with page(browser, f"{daemon.url}/docs") as tab:
        await seen(tab, "document.querySelector('#get_sessions')")
        await tab.run("(filter.value = 'ice_restart', filter.dispatchEvent(new Event('input')))")
        assert await tab.run(PATHS) == ["patch_whip_session_id_resource"]
