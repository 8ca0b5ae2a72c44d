"""What senders are told of where we can be reached."""

import pytest
from aioice.candidate import Candidate

from argusd.ingest.offers.candidates import advertised, tcp_candidate, udp_candidate

PUBLIC, PUBLIC6 = "203.0.113.7", "2001:db8::7"


def told(own: list[Candidate], *addresses: str) -> list[tuple[str, str, int]]:
    return [(each.transport, each.host, each.port) for each in advertised(own, addresses)]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ([udp_candidate("10.0.0.5", 40000)], [("udp", PUBLIC, 40000)]),
        ([udp_candidate("fd00::5", 40000)], [("udp", PUBLIC6, 40000)]),
        ([udp_candidate("10.0.0.5", 40000), udp_candidate("172.17.0.1", 40000)], [("udp", PUBLIC, 40000)]),
        ([udp_candidate("10.0.0.5", 40000), udp_candidate("127.0.0.1", 40001)], [("udp", PUBLIC, 40000)]),
        ([udp_candidate("127.0.0.1", 40000)], [("udp", PUBLIC, 40000)]),
        (
            [udp_candidate("10.0.0.5", 40000), tcp_candidate("10.0.0.5", 443)],
            [("udp", PUBLIC, 40000), ("tcp", PUBLIC, 443)],
        ),
        ([], []),
    ],
)
def test_our_ports_are_told_at_the_worlds_address_for_us(
    own: list[Candidate], expected: list[tuple[str, str, int]]
) -> None:
    assert told(own, PUBLIC, PUBLIC6) == expected


def test_a_tcp_candidate_is_passive_and_stands_behind_udp() -> None:
    udp, tcp = udp_candidate("10.0.0.5", 40000), tcp_candidate("10.0.0.5", 40000)
    assert tcp.to_sdp().endswith(" 1 tcp 2124414975 10.0.0.5 40000 typ host tcptype passive")
    assert udp.priority > tcp.priority
