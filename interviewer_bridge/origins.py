"""Where our token may go when the daemon sends us on to another host.

A redirected request itself loses the token at another origin, as RFC 9110 15.4 advises and the Fetch standard
demands (aiohttp does so); the ticket in its URL takes the token's place. Pure.
"""

from collections.abc import Sequence

from yarl import URL

KEEPS_METHOD = (307, 308)
CIRCLES = "{} sends us on and on, and nobody answers; a host's cluster.url may lead to another host"


def may_have_token(target: URL, path: Sequence[tuple[URL, int]], end: URL) -> bool:
    """Whether a request to ``target`` carries our token, once ``end`` has answered.

    ``path``: the addresses that sent us on, the daemon's own first, and by which status. The token belongs to
    the daemon's own origin, and to the host that the daemon's 307 or 308 led to and that then answered; to
    no other that an answer names, and never over HTTP where it came by HTTPS before.
    """
    start = path[0][0] if path else end
    if start.scheme == "https" and target.scheme != "https":
        return False
    led_there = all(status in KEEPS_METHOD for _, status in path)
    return target.origin() == start.origin() or (led_there and target.origin() == end.origin())
