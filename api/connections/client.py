"""Who a request counts for: the one place that tells clients apart, for every limit.

A client is its token, or without a known one its address. Behind a reverse proxy all requests come from the
proxy, and only it knows the addresses: it tells them in ``X-Forwarded-For`` or ``Forwarded`` (RFC 7239).
Both are lists of hops that each proxy appends to, so their left ends are whatever the client wrote. They are
read from the right, as long as the hop is one of ``api.trusted_proxies``; from anybody else they are ignored.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from aiohttp import web
from multidict import CIMultiDictProxy

from ..access.admitted import GRANT
from ..context import CONTEXT

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 7239 section 4, one pair at a time: a quoted value may hold the signs that part pairs and hops.
PAIR = re.compile(r'\s*([\w!#$%&\'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^\s",;]*)\s*([;,]|$)')
HOP = re.compile(r"\[(?P<bracketed>[^\]]+)\](?::\w+)?|(?P<v4>[0-9.]+)(?::\w+)?|(?P<plain>[^\s\[\]]+)")
V6_CUSTOMER = 64  # bits: a client has a whole network of them, and a new address whenever it likes


def client_of(request: web.Request) -> str:
    """Who a request that was let in counts for: a key for limits, not to be shown, and hard to multiply."""
    trusted = networks(request.app[CONTEXT].config.trusted_proxies)
    return request[GRANT].principal or limit_key(address_of(request.remote or "", request.headers, trusted))


def address_of(peer: str, headers: CIMultiDictProxy[str], trusted: Sequence[Network]) -> Address | None:
    """The address a request came from, as far as hops are trusted; None where the peer has none.

    Where both headers are there and disagree, the proxy knows only one, and the other is its client's own:
    then it is the proxy's address.
    """
    proxy = read_hop(peer)
    told = [
        nearest(proxy, hops, trusted)
        for hops in (forwarded_for(headers), forwarded(headers))
        if hops is not None
    ]
    return told[0] if told and all(each == told[0] for each in told) else proxy


def nearest(peer: Address | None, hops: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """The right-most hop that is no trusted proxy; the last known one where the next is no address."""
    client = peer
    for hop in reversed(hops):
        if client is None or not any(client in network for network in trusted):
            break
        told = read_hop(hop)
        if told is None:  # "unknown", or a made-up name
            break
        client = told
    return client


def forwarded_for(headers: CIMultiDictProxy[str]) -> list[str] | None:
    """The hops of ``X-Forwarded-For``; None where it is absent."""
    lines = headers.getall("X-Forwarded-For", [])
    return [hop.strip() for line in lines for hop in line.split(",")] if lines else None


def forwarded(headers: CIMultiDictProxy[str]) -> list[str] | None:
    """The ``for`` of each hop of ``Forwarded``, empty where it has none; None where the header is absent."""
    lines = headers.getall("Forwarded", [])
    return list(_forwarded_hops(",".join(lines))) if lines else None


def _forwarded_hops(line: str) -> Iterator[str]:
    hop, at = "", 0
    while at < len(line):
        pair = PAIR.match(line, at)
        if pair is None:  # nothing to the right of it can be told apart either
            yield ""
            return
        name, value, end = pair.groups()
        if name.lower() == "for":
            hop = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        if end != ";":
            yield hop
            hop = ""
        at = pair.end()


def read_hop(text: str) -> Address | None:
    """The address of a hop, with or without a port; None where it is none."""
    found = HOP.fullmatch(text)
    if found is None:
        return None
    try:
        address = ipaddress.ip_address(found["bracketed"] or found["v4"] or found["plain"])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def limit_key(address: Address | None) -> str:
    """What is counted together: an IPv4 address, an IPv6 customer's network."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), V6_CUSTOMER), strict=False))
    return str(address)


@lru_cache(maxsize=8)
def networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Networks as a configuration names them: ``10.0.0.0/8``, or one address.

    Raises:
        ValueError: one is none.
    """
    return tuple(ipaddress.ip_network(text) for text in texts)
