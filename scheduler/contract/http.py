"""How clients reach the api, what an error looks like there, and when a lost connection is tried again."""

from typing import Annotated

import msgspec

from .names import ENDS

DEFAULT_PORT = 8015

URL_VARIABLES = "ARGUSD_URL", "ML_ORCHESTRATOR_URL"
"""Where clients find the daemon, if the environment says it: in the first that is set, the newer name."""

# A part of a name between its dots (RFC 1035, 2.3.4); what has others cannot even be asked for.
_LABEL = r"[^\s/?#@:\[\].]{1,63}"

HOST = rf"(?:\[[0-9A-Fa-f:.]+\]|{_LABEL}(?:\.{_LABEL})*\.?)(?::([0-9]{{1,5}}))?"
"""Of a URL: a name or an address, an IPv6 one in brackets, and a port."""

WebUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^https?://{HOST}([/?][^\s#]*)?{ENDS}",
        description="http:// or https:// with a host and a path, without a user's name",
    ),
]
"""Where the daemon itself sends something."""

CLOSE_CODES = 4000
"""A WebSocket that an error ends closes with this plus its status (RFC 6455, 7.4.2: for applications)."""

EVENTS_RELATION = "urn:ietf:params:whip:ext:core:server-sent-events"
"""Of the link that a WHIP answer has to the session's events."""

FOLLOWS_HEADER = "X-Argusd-Follows"
"""Of a WebSocket's handshake whose client follows a 307 to another host; browsers' do not."""

PROTOCOL = "argusd"
"""The WebSocket protocol that streams speak; a page that shows a token offers it, too."""

BEARER_PROTOCOL = "argusd.bearer."
"""With a token behind it: what a page offers beside ``PROTOCOL``, as it cannot set ``Authorization``."""

HOST_HEADER = "X-Argusd-Host"
"""Of a WHIP answer where there are several hosts: the one that holds the session from now on."""

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0
DOUBLINGS = 5


class ErrorReply(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is an error; ``error_code`` is stable, ``error`` a sentence for people.

    ``session_id`` is there where the path names one.
    """

    success: bool = False
    error_code: str
    error: str
    session_id: str | msgspec.UnsetType = msgspec.UNSET


def backoff_s(attempt: int) -> float:
    """Seconds before another try; ``attempt`` counts from 0, the wait doubles up to the longest."""
    return min(FIRST_BACKOFF_S * 2.0 ** min(attempt, DOUBLINGS), LONGEST_BACKOFF_S)


def authority(host: str, port: int) -> str:
    """A host and its port as a URL has them: an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
