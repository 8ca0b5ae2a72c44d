"""What a person does with the page that publishes."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ..live_daemon import Daemon
from .remote import Browser, Tab
from .watch import Watch, one_face, watching


async def publish(tab: Tab, watch: Watch, **options: object) -> int:
    """The status of the daemon's answer, once the page is connected."""
    status: int = await tab.run(f"publish({json.dumps(watch.whip)}, {json.dumps(options)})")
    return status


@asynccontextmanager
async def on_air(
    daemon: Daemon,
    browser: Browser,
    page: str,
    session_id: str,
    *,
    policy: dict[str, Any] | None = None,
    **options: object,
) -> AsyncIterator[tuple[Watch, Tab]]:
    """A page that publishes camera and microphone, from the first finding of a face on."""
    async with watching(daemon, session_id, **policy or {}) as watch, browser.tab(page) as tab:
        assert await publish(tab, watch, **options) == 201
        await watch.event("live")
        await watch.event("face", having=one_face)
        yield watch, tab
