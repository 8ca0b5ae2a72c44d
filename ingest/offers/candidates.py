"""What we tell a sender of where we can be reached (RFC 8445 section 5.1, 6544 section 4). Pure."""

import ipaddress
from collections.abc import Iterable, Sequence

from aioice.candidate import Candidate, candidate_foundation, candidate_priority

COMPONENT = 1
# Behind every UDP candidate of the same type. RFC 6544 section 4.2: 4 is for passive ones, the rest is free.
TCP_PREFERENCE = (4 << 13) + (1 << 13) - 1


def udp_candidate(address: str, port: int) -> Candidate:
    """A host candidate at this address."""
    foundation = candidate_foundation("host", "udp", address)
    priority = candidate_priority(COMPONENT, "host")
    return Candidate(foundation, COMPONENT, "udp", priority, address, port, "host")


def tcp_candidate(address: str, port: int) -> Candidate:
    """A passive host candidate at this address."""
    foundation = candidate_foundation("host", "tcp", address)
    priority = candidate_priority(COMPONENT, "host", TCP_PREFERENCE)
    return Candidate(foundation, COMPONENT, "tcp", priority, address, port, "host", tcptype="passive")


def without_base(candidate: Candidate) -> Candidate:
    """The same without the address that it stands for (RFC 8839 section 5.1)."""
    if candidate.related_address is not None:
        nowhere = type(ipaddress.ip_address(candidate.host))(0)
        candidate.related_address, candidate.related_port = str(nowhere), 9
    return candidate


def advertised(candidates: Iterable[Candidate], addresses: Sequence[str]) -> list[Candidate]:
    """The same ports at the addresses by which the world knows this host, each once.

    Loopback ones have no counterpart, unless there are no others: then a proxy on this host passes media on.
    """
    own = list(candidates)
    own = [each for each in own if not ipaddress.ip_address(each.host).is_loopback] or own
    known: dict[tuple[str, str, int], Candidate] = {}
    for candidate in own:
        version = ipaddress.ip_address(candidate.host).version
        make = tcp_candidate if candidate.transport == "tcp" else udp_candidate
        for address in addresses:
            if ipaddress.ip_address(address).version == version:
                known.setdefault(
                    (candidate.transport, address, candidate.port), make(address, candidate.port)
                )
    return list(known.values())
