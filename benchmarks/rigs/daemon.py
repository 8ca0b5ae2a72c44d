"""The real daemon for benchmarks that come to it as callers do, and what it tells of itself."""

import asyncio
import contextlib
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from socket import create_server

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event

from ..serving.server import READY_WITHIN_S, Command, Server, serving


@asynccontextmanager
async def running_daemon(**settings: str) -> AsyncIterator[tuple[str, Server]]:
    """``argusd serve`` on a free port, ready. ``settings``: ``ARGUSD_`` variables, without the prefix.

    Raises:
        NotReady: it did not start.
    """
    with create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "argusd.daemon", "serve", "--port", str(port), "--state-dir", folder]
        variables = {f"ARGUSD_{key}": value for key, value in settings.items()}
        async with serving([Command(command, variables)], [f"{url}/ready?tiers=live"]) as server:
            yield url, server


async def ready(url: str, tiers: str) -> None:
    """Return when the daemon says that it is."""
    async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession(url) as http:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with http.get("/ready", params={"tiers": tiers}) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.2)


async def observed(url: str) -> AsyncIterator[Event]:
    """What streams tell of what they see, of all sessions, for ever."""
    async for event in subscribe(url):
        if isinstance(event, Event) and event.type == "observation" and event.name == event.stream:
            yield event


async def observations(url: str, seconds: float) -> dict[str, list[Event]]:
    """The observations of the next ``seconds``, by session."""
    seen: dict[str, list[Event]] = defaultdict(list)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for event in observed(url):
                seen[event.session_id].append(event)
    return seen


async def served(http: aiohttp.ClientSession) -> dict[str, float]:
    """Looks served so far, by role."""
    async with http.get("/metrics") as response:
        text = await response.text()
    return {
        sample.labels["role"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "ml_served_total"
    }
