"""How the daemon says no: the error envelope of DESIGN section 6, read from a response."""

from typing import TypeVar

import aiohttp
import msgspec

from .errors import Refused

Refusal = TypeVar("Refusal", bound=Refused)


class Envelope(msgspec.Struct, frozen=True):
    """The part of the error envelope that a client needs."""

    error_code: str
    error: str


async def refusal_of(response: aiohttp.ClientResponse, kind: type[Refusal]) -> Refusal:
    """The error of a response that is not a success, whatever its body is."""
    status, seconds = response.status, response.headers.get("Retry-After", "")
    retry_after_s = float(seconds) if seconds.isdecimal() else None
    try:
        envelope = msgspec.json.decode(await response.read(), type=Envelope)
    except msgspec.MsgspecError:
        return kind(status, f"http_{status}", f"the daemon answered with HTTP status {status}", retry_after_s)
    return kind(status, envelope.error_code, envelope.error, retry_after_s)
