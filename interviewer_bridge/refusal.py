"""How the daemon says no: the error envelope of DESIGN section 6, read from a response."""

from typing import NamedTuple, TypeVar

import aiohttp
import msgspec

from argusd.scheduler.contract.http import ErrorReply
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from .errors import Refused

Refusal = TypeVar("Refusal", bound=Refused)


class Told(NamedTuple):
    """What an answer other than 2xx tells; ``retry_after_s``: when another try makes sense, if it says so."""

    code: str
    sentence: str
    retry_after_s: float | None


def told(status: int, body: bytes, retry_after: str = "") -> Told:
    """Read such an answer, whatever its body is; ``retry_after`` is the header of that name."""
    seconds = float(retry_after) if retry_after.isdecimal() else None
    try:
        envelope = msgspec.json.decode(body, type=ErrorReply)
    except UNDECODABLE:
        return Told(f"http_{status}", f"the daemon answered with HTTP status {status}", seconds)
    return Told(envelope.error_code, envelope.error, seconds)


async def refusal_of(response: aiohttp.ClientResponse, kind: type[Refusal]) -> Refusal:
    """The error of a response that is not a success."""
    body = await response.read()
    return kind(response.status, *told(response.status, body, response.headers.get("Retry-After", "")))
