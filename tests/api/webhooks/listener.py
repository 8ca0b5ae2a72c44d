"""A receiver of webhooks that checks signatures by itself, as Standard Webhooks asks of every receiver."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from argusd.api.webhooks.config import WebhookConfig

from ...waiting import until

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


class Listener:
    """Answers every message with ``status`` (and ``headers``), or not at all while ``mute``.

    ``messages``: the bodies of those that were taken; ``ids``: of all that came.
    """

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.mute = asyncio.Event()
        self.mute.set()
        self.messages: list[Any] = []
        self.ids: list[str] = []
        self.paths: list[str] = []
        self.news = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        message_id, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        signed = f"{message_id}.{timestamp}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
        assert expected in request.headers["webhook-signature"].split(), "the signature is not ours"
        self.ids.append(message_id)
        self.paths.append(request.path)
        self.news.set()
        await self.mute.wait()
        if 200 <= self.status < 300:
            self.messages.append(msgspec.json.decode(body))
            self.news.set()
        return web.Response(status=self.status, headers=self.headers)

    async def until(self, count: int) -> None:
        """Return once so many messages were taken."""
        await until(lambda: len(self.messages) >= count, self.news)

    async def until_tried(self, count: int) -> None:
        """Return once so many attempts came."""
        await until(lambda: len(self.ids) >= count, self.news)

    @property
    def numbers(self) -> list[int]:
        """Which findings were taken."""
        return [each["data"]["data"]["number"] for each in self.messages]


@contextlib.asynccontextmanager
async def listening(encryption: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    """A receiver on a port of its own."""
    listener = Listener()
    app = web.Application()
    app.router.add_post("/{path:.*}", listener.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=encryption)
    await site.start()
    host, port = runner.addresses[0][:2]
    listener.url = f"{'https' if encryption else 'http'}://{host}:{port}/events"
    try:
        yield listener
    finally:
        listener.mute.set()
        await runner.cleanup()


def webhook(directory: Path, url: str, name: str = "exams", **settings: Any) -> WebhookConfig:
    """A webhook of the observations that tests let be found."""
    secret_file = directory / f"{name}.secret"
    secret_file.write_text(SECRET)
    return WebhookConfig(
        **{"name": name, "url": url, "secret_file": secret_file, "types": ("observation",), **settings}
    )
