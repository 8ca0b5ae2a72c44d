"""How commands ask a running daemon something."""

from typing import Any, TypeVar

import aiohttp
import msgspec
from yarl import URL

from argusd.interviewer_bridge.addresses import Addresses
from argusd.interviewer_bridge.errors import Refused, Unreachable
from argusd.interviewer_bridge.events import bearer
from argusd.interviewer_bridge.refusal import refusal_of
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from .options import Endpoint

Answer = TypeVar("Answer")


ANSWER_WITHIN = aiohttp.ClientTimeout(total=30, sock_connect=5)


async def ask(daemon: Endpoint, method: str, path: str, kind: type[Answer], asked: object = None) -> Answer:
    """Its JSON answer as ``kind``; of several hosts, that of the first one that answers.

    ``asked``: what goes as JSON with the request, if anything does.

    Raises:
        Refused: the daemon says no.
        Unreachable: nobody answers, or somebody who is no argusd.
    """

    body: dict[str, Any] = {}
    if asked is not None:
        body = {"data": msgspec.json.encode(asked), "headers": {"Content-Type": "application/json"}}

    async def ask_at(url: URL) -> Answer:
        try:
            async with (
                aiohttp.ClientSession(headers=bearer(daemon.token), timeout=ANSWER_WITHIN) as http,
                http.request(method, url, **body) as response,
            ):
                if not response.ok:
                    raise await refusal_of(response, Refused)
                return msgspec.json.decode(await response.read(), type=kind)
        except (*UNDECODABLE, aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"no daemon answers at {url.origin()}") from error

    return await Addresses(daemon.url).first(ask_at, path, Unreachable)
