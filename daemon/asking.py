"""How commands ask a running daemon something."""

from typing import TypeVar

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


async def ask(daemon: Endpoint, method: str, path: str, kind: type[Answer]) -> Answer:
    """Its JSON answer as ``kind``; of several hosts, that of the first one that answers.

    Raises:
        Refused: the daemon says no.
        Unreachable: nobody answers, or somebody who is no argusd.
    """

    async def ask_at(url: URL) -> Answer:
        try:
            async with (
                aiohttp.ClientSession(headers=bearer(daemon.token)) as http,
                http.request(method, url) as response,
            ):
                if response.status != 200:
                    raise await refusal_of(response, Refused)
                return msgspec.json.decode(await response.read(), type=kind)
        except (*UNDECODABLE, aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"no daemon answers at {url.origin()}") from error

    return await Addresses(daemon.url).first(ask_at, path, Unreachable)
