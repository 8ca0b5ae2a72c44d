from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from argusd.api.config import Token
from argusd.api.connections.client import address_of, limit_key, networks, read_hop

from ..fixtures import OFFER, SDP, make_config, running_rig

PROXIES = networks(("10.0.0.0/8", "2001:db8:ffff::/48"))
CLIENT = "198.51.100.7"


def seen(peer: str, *lines: tuple[str, str]) -> str:
    return str(address_of(peer, CIMultiDictProxy(CIMultiDict(lines)), PROXIES))


async def publish_as(http: aiohttp.ClientSession, number: int, headers: dict[str, str]) -> int:
    async with http.post(f"/whip/s{number}", data=OFFER, headers=SDP | headers) as response:
        return response.status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_nobody_but_a_trusted_proxy_is_believed(header: str) -> None:
    told = CLIENT if header == "X-Forwarded-For" else f"for={CLIENT}"
    assert seen("192.0.2.1", (header, told)) == "192.0.2.1"
    assert seen("10.1.2.3", (header, told)) == CLIENT
    assert seen("::ffff:10.1.2.3", (header, told)) == CLIENT
    assert seen("10.1.2.3") == "10.1.2.3"


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}, 10.0.0.2, 10.0.0.3", CLIENT),
        (f"127.0.0.1,{CLIENT},10.0.0.2", CLIENT),  # what stands left of it is the client's own
        (f"10.0.0.9, {CLIENT}", CLIENT),
        (f"203.0.113.5, {CLIENT}, ", "10.1.2.3"),
        ("10.0.0.4, 10.0.0.2", "10.0.0.4"),  # proxies alone: the first of them
        (f"{CLIENT}:4711", CLIENT),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("unknown", "10.1.2.3"),
        (f"{CLIENT}, unknown, 10.0.0.2", "10.0.0.2"),
        ("", "10.1.2.3"),
        ("[", "10.1.2.3"),
        ("999.1.1.1", "10.1.2.3"),
    ],
)
def test_x_forwarded_for_is_read_from_the_right(hops: str, client: str) -> None:
    assert seen("10.1.2.3", ("X-Forwarded-For", hops)) == client


def test_several_header_lines_are_one_list() -> None:
    lines = [("X-Forwarded-For", "203.0.113.5"), ("X-Forwarded-For", CLIENT)]
    assert seen("10.1.2.3", *lines) == CLIENT
    assert seen("10.1.2.3", ("Forwarded", "for=203.0.113.5"), ("Forwarded", f"for={CLIENT}")) == CLIENT


@pytest.mark.parametrize(
    ("line", "client"),
    [
        (f"for={CLIENT}", CLIENT),
        (f"For={CLIENT};proto=https;by=203.0.113.43", CLIENT),
        (f"proto=https ; for={CLIENT}", CLIENT),
        (f'for="{CLIENT}:47011"', CLIENT),
        ('For="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        (f"for=203.0.113.5, for={CLIENT}", CLIENT),
        (f"for={CLIENT},for=10.0.0.2", CLIENT),
        (f'for="203.0.113.5, for=\\"", for={CLIENT}', CLIENT),
        ("for=203.0.113.5, proto=https", "10.1.2.3"),  # the nearest hop does not tell
        ("for=unknown", "10.1.2.3"),
        ("for=_hidden", "10.1.2.3"),
        ('for="', "10.1.2.3"),
        (f'for={CLIENT}, for="', "10.1.2.3"),
        ("", "10.1.2.3"),
    ],
)
def test_forwarded_is_read_as_rfc_7239_has_it(line: str, client: str) -> None:
    assert seen("10.1.2.3", ("Forwarded", line)) == client


def test_of_two_headers_that_disagree_one_is_the_clients_own_invention() -> None:
    both = [("X-Forwarded-For", CLIENT), ("Forwarded", f"for={CLIENT}")]
    assert seen("10.1.2.3", *both) == CLIENT
    assert seen("10.1.2.3", ("X-Forwarded-For", CLIENT), ("Forwarded", "for=203.0.113.5")) == "10.1.2.3"


HOPS = st.one_of(st.ip_addresses().map(str), st.text('0123456789abcdef.:[]%"\\ ,;=for', max_size=30))


@settings(deadline=None)
@given(
    st.ip_addresses(),
    st.lists(st.tuples(st.sampled_from(["X-Forwarded-For", "Forwarded"]), HOPS), max_size=4),
)
def test_no_header_of_an_untrusted_peer_makes_it_another_client(
    peer: IPv4Address | IPv6Address, lines: list[tuple[str, str]]
) -> None:
    told = seen("10.1.2.3", *lines)  # whatever it is, it is no error
    assert told == "None" or read_hop(told) is not None
    if not any(peer in network for network in PROXIES):
        assert seen(str(peer), *lines) == str(read_hop(str(peer)))


def test_an_ipv6_customer_is_one_client_with_all_its_addresses() -> None:
    assert limit_key(read_hop("2001:db8::1")) == limit_key(read_hop("2001:db8::dead:beef:0:1"))
    assert limit_key(read_hop("2001:db8::1")) != limit_key(read_hop("2001:db8:0:1::1"))
    assert limit_key(read_hop(CLIENT)) == CLIENT
    assert limit_key(None) == "None"


@pytest.mark.parametrize("network", ["10.0.0.1/8", "proxy.example", "", "10.0.0.0/33"])
def test_a_proxy_that_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match=r"api\.trusted_proxies must be IP addresses or networks"):
        make_config(Path("/nowhere"), trusted_proxies=(network,))


async def test_behind_a_trusted_proxy_each_client_has_its_own_limit(tmp_path: Path) -> None:
    async with running_rig(tmp_path, whip_posts_per_minute=2, trusted_proxies=("127.0.0.1",)) as rig:
        answers = [
            await publish_as(rig.api.http, number, {"X-Forwarded-For": client})
            for number, client in enumerate([CLIENT, CLIENT, f"192.0.2.1, {CLIENT}", "198.51.100.8"])
        ]
        assert answers == [201, 429, 429, 201]


async def test_without_trust_a_header_makes_no_new_client(tmp_path: Path) -> None:
    async with running_rig(tmp_path, whip_posts_per_minute=2) as rig:
        told = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(2)]
        answers = [await publish_as(rig.api.http, number, each) for number, each in enumerate(told)]
        assert answers == [201, 429]


async def test_a_token_is_one_client_wherever_it_comes_from(tmp_path: Path) -> None:
    tokens = (Token("first"), Token("second"))
    async with running_rig(
        tmp_path, whip_posts_per_minute=2, tokens=tokens, trusted_proxies=("127.0.0.1",)
    ) as rig:
        answers = [
            await publish_as(
                rig.api.http, number, {"Authorization": f"Bearer {token}", "X-Forwarded-For": client}
            )
            for number, (token, client) in enumerate(
                [("first", CLIENT), ("first", "192.0.2.1"), ("second", CLIENT)]
            )
        ]
        assert answers == [201, 429, 201]
