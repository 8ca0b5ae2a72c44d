"""What an offer says of the sender's ICE and DTLS."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.offers.agreement import Fingerprint, RemoteCandidate
from argusd.ingest.offers.remote_transport import MAX_CANDIDATES, read_candidates, read_transport
from argusd.ingest.offers.sdp import Section
from argusd.scheduler.contract.errors import BadOffer

PASSWORD = "0123456789abcdefghijkl"
OWN = {
    "rtcp-mux": [""],
    "ice-ufrag": ["ours"],
    "ice-pwd": [PASSWORD],
    "fingerprint": ["sha-256 aa:bb"],
    "setup": ["actpass"],
}


def section(**attributes: Any) -> Section:
    named = {name.replace("_", "-"): values for name, values in attributes.items()}
    return Section(0, "video", 9, "UDP/TLS/RTP/SAVPF", ("96",), named)


TAGGED = section(**OWN)


def test_a_section_s_own_attribute_counts_before_the_suggested_one_s_and_the_session_s() -> None:
    bare = section(ice_pwd=[22 * "x"])
    transport = read_transport({"setup": ["active"], "ice-ufrag": ["session"]}, bare, TAGGED)
    assert (transport.ufrag, transport.password, transport.dtls_role) == ("ours", 22 * "x", "client")
    transport = read_transport(OWN | {"setup": ["active"]}, bare, bare)
    assert (transport.ufrag, transport.password, transport.dtls_role) == ("ours", 22 * "x", "server")


def test_fingerprints_are_compared_by_their_meaning() -> None:
    tagged = section(
        **OWN | {"fingerprint": ["SHA-512 aa:0b", "sha-1 cc", "sha-256", "md5 dd", "Sha-384 EE"]}
    )
    transport = read_transport({}, tagged, tagged)
    assert transport.fingerprints == (Fingerprint("sha-512", "AA:0B"), Fingerprint("sha-384", "EE"))


@pytest.mark.parametrize("value", ["", "a " + 22 * "b", 22 * "é", "x" * 257, PASSWORD[1:]])
def test_credentials_that_no_check_could_carry_or_anybody_can_guess_are_refused(value: str) -> None:
    told = r"media section 1 \(video\) lacks a=ice-pwd, or it is not 22 to 256 printable characters"
    with pytest.raises(BadOffer, match=told):
        read_transport({}, section(**OWN | {"ice-pwd": [value]}), TAGGED)
    with pytest.raises(BadOffer, match=r"lacks a=ice-ufrag, or it is not 4 to 256 printable characters"):
        read_transport({}, section(**OWN | {"ice-ufrag": ["abc"]}), TAGGED)


def test_a_lite_agent_and_one_that_trickles_are_known() -> None:
    transport = read_transport({"ice-lite": [""], "ice-options": ["ice2 trickle"]}, TAGGED, TAGGED)
    assert transport.lite
    assert transport.trickle
    assert read_transport({"ice-options": ["ice2,trickle"]}, TAGGED, TAGGED).trickle
    transport = read_transport({"ice-options": ["tricklebed"]}, TAGGED, TAGGED)
    assert not transport.lite
    assert not transport.trickle


@pytest.mark.parametrize(
    ("line", "candidate"),
    [
        (
            "842163049 1 UDP 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.1 rport 46154 generation 0",
            RemoteCandidate("842163049", "udp", 1677729535, "203.0.113.7", 46154, "srflx"),
        ),
        (
            "3 1 TCP 1010827519 192.0.2.2 9 typ host tcptype active",
            RemoteCandidate("3", "tcp", 1010827519, "192.0.2.2", 9, "host", "active"),
        ),
        (
            "4 1 udp 2015363583 fd00::2 54879 typ host ufrag x network-id 1",
            RemoteCandidate("4", "udp", 2015363583, "fd00::2", 54879, "host"),
        ),
    ],
)
def test_a_candidate_is_read(line: str, candidate: RemoteCandidate) -> None:
    assert read_candidates([line]) == (candidate,)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "1",
        "1 2 udp 1 192.0.2.2 5000 typ host",  # RTCP
        "1 1 udp 1 4c9a2c1f-0000-4000-8000-000000000000.local 5000 typ host",
        "1 1 udp 1 host.example 5000 typ host",
        "1 1 udp 1 192.0.2.2 0 typ host",
        "1 1 udp 1 192.0.2.2 65536 typ host",
        "1 1 udp -1 192.0.2.2 5000 typ host",
        "1 1 udp 4294967296 192.0.2.2 5000 typ host",
        "1 1 udp x 192.0.2.2 5000 typ host",
        "1 1 sctp 1 192.0.2.2 5000 typ host",
        "1 1 udp 1 192.0.2.2 5000 typ ghost",
        "1 1 udp 1 192.0.2.2 5000 host",
        "1 1 udp 1 0.0.0.0 5000 typ host",
        "1 1 udp 1 :: 5000 typ host",
        "1 1 udp 1 224.0.0.1 5000 typ host",
        "1 1 udp 1 ff02::1 5000 typ host",
        "1 1 udp 1 255.255.255.255 5000 typ host",
        "1 1 udp 1 fe80::1 5000 typ host",
        "1 1 udp 1 fe80::1%eth0 5000 typ host",
    ],
)
def test_a_candidate_that_cannot_be_used_is_passed_over(line: str) -> None:
    good = "1 1 udp 1 192.0.2.2 5000 typ host"
    assert [candidate.port for candidate in read_candidates([line, good])] == [5000]


def test_candidates_are_limited() -> None:
    lines = [
        f"1 1 {protocol} 1 192.0.2.2 {port} typ host" for port in range(1, 99) for protocol in ("tcp", "udp")
    ]
    read = read_candidates(lines)
    assert [candidate.protocol for candidate in read] == MAX_CANDIDATES * ["udp"] + MAX_CANDIDATES * ["tcp"]


@given(st.lists(st.text()))
def test_any_candidate_is_read_or_passed_over(lines: list[str]) -> None:
    assert {candidate.protocol for candidate in read_candidates(lines)} <= {"udp", "tcp"}
