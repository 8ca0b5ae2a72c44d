"""A session's life, as far as a publisher needs it."""

from urllib.parse import quote, urljoin

import aiohttp

from .errors import SessionRefused, Unreachable
from .events import bearer
from .refusal import refusal_of

HTTP_SECONDS = 15.0


async def ensure_session(url: str, session_id: str, *, token: str | None = None) -> None:
    """Create the session with default streams and policy, unless it exists; an existing one is left as it is.

    Raises:
        SessionRefused: the daemon says no.
        Unreachable: nobody answers at its address.
    """
    address = urljoin(url, f"/sessions/{quote(session_id, safe='')}")
    timeout = aiohttp.ClientTimeout(total=HTTP_SECONDS)
    try:
        async with aiohttp.ClientSession(headers=bearer(token), timeout=timeout) as http:
            async with http.get(address) as known:
                if known.status == 200:
                    return
                if known.status != 404:
                    raise SessionRefused(known.status, *await refusal_of(known))
            async with http.put(address, json={}) as made:
                if made.status not in (200, 201):
                    raise SessionRefused(made.status, *await refusal_of(made))
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"no daemon answers at {url}") from error
