"""``/health``: the process runs."""

import msgspec
from aiohttp import web

from ..http.envelope import json_reply


class Health(msgspec.Struct, frozen=True):
    """The body of ``/health``."""

    status: str


async def health(_request: web.Request) -> web.Response:
    """Say that the process runs and takes requests."""
    return json_reply(Health("ok"))
