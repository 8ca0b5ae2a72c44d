"""How the daemon says no: the error envelope of DESIGN section 6, read from a response."""

from typing import TypeVar

import aiohttp
import msgspec

from argusd.scheduler.contract.http import ErrorReply

from .errors import Refused

Refusal = TypeVar("Refusal", bound=Refused)


async def refusal_of(response: aiohttp.ClientResponse, kind: type[Refusal]) -> Refusal:
    """The error of a response that is not a success, whatever its body is."""
    status, seconds = response.status, response.headers.get("Retry-After", "")
    retry_after_s = float(seconds) if seconds.isdecimal() else None
    try:
        envelope = msgspec.json.decode(await response.read(), type=ErrorReply)
    except msgspec.MsgspecError:
        return kind(status, f"http_{status}", f"the daemon answered with HTTP status {status}", retry_after_s)
    return kind(status, envelope.error_code, envelope.error, retry_after_s)
