"""How the daemon says no: the error envelope of DESIGN section 6, read from a response."""

import aiohttp
import msgspec


class Refusal(msgspec.Struct, frozen=True):
    """The part of the error envelope that a client needs."""

    error_code: str
    error: str


async def refusal_of(response: aiohttp.ClientResponse) -> tuple[str, str]:
    """(error code, sentence) of a response that is not a success, whatever its body is."""
    try:
        refusal = msgspec.json.decode(await response.read(), type=Refusal)
    except msgspec.MsgspecError:
        return f"http_{response.status}", f"the daemon answered with HTTP status {response.status}"
    return refusal.error_code, refusal.error
