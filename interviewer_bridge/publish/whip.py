"""WHIP's requests (RFC 9725): an offer in, the daemon's answer out, and the end of what was begun."""

import contextlib
from typing import NamedTuple
from urllib.parse import quote

import aiohttp
from yarl import URL

from argusd.scheduler.contract.http import EVENTS_RELATION, HOST_HEADER

from ..errors import HolderUnreachable, PublishRefused, Unreachable
from ..events import bearer
from ..origins import CIRCLES, may_have_token
from ..refusal import refusal_of

HTTP_SECONDS = 15.0
CONNECT_SECONDS = 5.0


class Resource(NamedTuple):
    """What a publication is at the daemon that answered, and the token to be shown there."""

    url: URL
    token: str | None


class Answer(NamedTuple):
    """The daemon's part of the agreement.

    ``events_after``: the position behind which its events lie. ``host``: the host that answers, empty where
    the daemon is the only one.
    """

    sdp: str
    resource: Resource | None
    events_after: str
    host: str


async def send_offer(daemon: str, session_id: str, sdp: str, token: str | None) -> Answer:
    """Offer, at the daemon or wherever it sends us by 307 or 308.

    Raises:
        PublishRefused: the daemon says no.
        Unreachable: nobody answers there, or where it sends us (``HolderUnreachable``).
    """
    headers = {"Content-Type": "application/sdp"}
    endpoint = URL(daemon).join(URL(f"/whip/{quote(session_id, safe='')}", encoded=True))
    try:
        async with _http(token) as http, http.post(endpoint, data=sdp, headers=headers) as response:
            if response.status != 201:
                raise await refusal_of(response, PublishRefused)
            host = response.headers.get(HOST_HEADER, "")
            return Answer(await response.text(), _resource(response, token), _events_after(response), host)
    except aiohttp.ClientConnectorError as error:
        if (error.host, error.port) == (endpoint.raw_host, endpoint.port):
            raise Unreachable(f"no daemon answers at {daemon}") from error
        raise HolderUnreachable(f"{daemon} sent us to a host that does not answer") from error
    except aiohttp.TooManyRedirects as error:
        raise Unreachable(CIRCLES.format(daemon)) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"no daemon answers at {daemon}") from error


async def delete(resource: Resource) -> None:
    """End what was begun; never fails."""
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with _http(resource.token) as http, http.delete(resource.url):
            pass


def _resource(response: aiohttp.ClientResponse, token: str | None) -> Resource | None:
    if (location := response.headers.get("Location")) is None:
        return None
    url = response.url.join(URL(location, encoded=True))
    path = [(each.url, each.status) for each in response.history]
    return Resource(url, token if may_have_token(url, path, response.url) else None)


def _events_after(response: aiohttp.ClientResponse) -> str:
    events = response.links.get(EVENTS_RELATION)
    return "" if events is None else URL(events["url"]).query.get("after", "")


def _http(token: str | None) -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=HTTP_SECONDS, sock_connect=CONNECT_SECONDS)
    return aiohttp.ClientSession(headers=bearer(token), timeout=timeout)
