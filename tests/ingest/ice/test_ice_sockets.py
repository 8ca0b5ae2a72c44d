"""The sockets a session gets under each configuration, and what is told of them."""

import asyncio
import errno
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aioice.ice import Connection

from argusd.ingest.config import IngestConfig
from argusd.ingest.errors import PortUnavailable
from argusd.ingest.guard import GuardedProtocol
from argusd.ingest.ice import ice_sockets, own_sockets
from argusd.ingest.ice.ice_sockets import IceSockets, gather_through, host_addresses
from argusd.scheduler.contract.errors import NoIceCandidate

from ...ports import free_port
from ...waiting import LONGEST_S

RTP = b"\x80" + bytes(40)
NOWHERE = "203.0.113.1"  # RFC 5737: no machine has it


class Gathered:
    """A connection and what became of its datagrams."""

    def __init__(self, sockets: IceSockets) -> None:
        self.connection = Connection(ice_controlling=False)
        self.media: list[bytes] = []
        self.dropped: Counter[str] = Counter()
        gather_through(self.connection, sockets, lambda data, _ns: self.media.append(data), self.dropped)

    @property
    def told(self) -> list[tuple[str, str, int]]:
        return [(each.transport, each.host, each.port) for each in self.connection.local_candidates]


Gather = Callable[[], Awaitable[Gathered]]


@asynccontextmanager
async def opened(**settings: Any) -> AsyncIterator[Gather]:
    """Sockets under these settings; everything gathered is closed with the context."""
    sockets = IceSockets(
        IngestConfig(runtime_dir=Path("run"), **{"ice_addresses": ("127.0.0.1",), **settings})
    )
    await sockets.open()
    all_gathered = []

    async def gather() -> Gathered:
        gathered = Gathered(sockets)
        all_gathered.append(gathered)
        await gathered.connection.gather_candidates()
        return gathered

    yield gather
    for gathered in all_gathered:
        await asyncio.wait_for(gathered.connection.close(), LONGEST_S)
    sockets.close()


async def test_every_socket_is_guarded_at_the_given_addresses() -> None:
    async with opened(ice_addresses=("127.0.0.1", "127.0.0.2")) as gather:
        session = await gather()
        assert [host for _, host, _ in session.told] == ["127.0.0.1", "127.0.0.2"]
        assert all(isinstance(each, GuardedProtocol) for each in session.connection._protocols)
        assert len({port for _, _, port in session.told} | {0}) == 3


async def test_a_keyframe_may_arrive_while_the_loop_is_busy() -> None:
    async with opened() as gather:
        session = await gather()
        transport = session.connection._protocols[0].transport
        room = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        count = room // 4096  # a packet of 1200 bytes takes well below 4 KiB with the kernel's bookkeeping
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                sender.sendto(RTP + bytes(1200), transport.get_extra_info("sockname"))
            assert room > sender.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        async with asyncio.timeout(LONGEST_S):
            while session.dropped["stranger_datagram"] < count:  # noqa: ASYNC110 (a counter tells nobody)
                await asyncio.sleep(0.01)


def test_a_host_without_a_network_still_has_its_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice_sockets, "get_host_addresses", lambda **_: [])
    assert host_addresses() == ["127.0.0.1"]


async def test_an_address_of_another_machine_is_left_out() -> None:
    async with opened(ice_addresses=(NOWHERE, "127.0.0.1")) as gather:
        assert [host for _, host, _ in (await gather()).told] == ["127.0.0.1"]


@pytest.mark.parametrize("ports", [0, 1, "range"])
async def test_an_answer_without_a_candidate_is_an_error(ports: int | str, caplog: Any) -> None:
    udp_ports = f"{free_port()}-65535" if ports == "range" else ports and free_port()
    async with opened(ice_addresses=(NOWHERE,), udp_ports=udp_ports, tcp_port=free_port()) as gather:
        assert "no session can begin" in caplog.text
        with pytest.raises(NoIceCandidate, match=r"ingest\.ice_addresses"):
            await gather()


async def test_sessions_take_ports_of_the_range_until_none_is_free() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        taken = free_port(3) + 1
        other.bind(("127.0.0.2", taken))
        async with opened(
            ice_addresses=("127.0.0.1", "127.0.0.2"), udp_ports=f"{taken - 1}-{taken + 1}"
        ) as gather:
            first, second = await gather(), await gather()
            ports = {port for session in (first, second) for _, _, port in session.told}
            assert ports == {taken - 1, taken + 1}
            assert len(first.told) == 2
            with pytest.raises(NoIceCandidate, match=r"ingest\.udp_ports"):
                await gather()
            await first.connection.close()
            assert {port for _, _, port in (await gather()).told} < ports


async def test_one_port_is_for_all_sessions_and_stays_when_one_of_them_ends() -> None:
    port = free_port()
    async with opened(udp_ports=port) as gather:
        first, second = await gather(), await gather()
        assert first.told == second.told == [("udp", "127.0.0.1", port)]
        await asyncio.wait_for(first.connection.close(), LONGEST_S)
        assert (await gather()).told == second.told


async def test_each_worker_has_ports_of_its_own() -> None:
    port = free_port(2)
    settings = {"udp_ports": port, "tcp_port": port, "workers": 2}
    async with opened(**settings, worker=0) as one, opened(**settings, worker=1) as two:
        assert (await one()).told == [("udp", "127.0.0.1", port), ("tcp", "127.0.0.1", port)]
        assert (await two()).told == [("udp", "127.0.0.1", port + 1), ("tcp", "127.0.0.1", port + 1)]


@pytest.mark.parametrize(
    ("name", "kind"), [("udp_ports", socket.SOCK_DGRAM), ("tcp_port", socket.SOCK_STREAM)]
)
async def test_a_port_that_is_taken_keeps_the_worker_from_starting(name: str, kind: int) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        with pytest.raises(PortUnavailable, match=r"127\.0\.0\.1"):
            async with opened(**{name: other.getsockname()[1]}):
                pass


async def test_the_worlds_name_for_us_is_told_first_and_loopback_has_none() -> None:
    own = next((address for address in host_addresses() if "." in address and address != "127.0.0.1"), None)
    if own is None:
        pytest.skip("this machine has no address but loopback")
    port = free_port()
    async with opened(
        ice_addresses=(own, "127.0.0.1"),
        advertised_addresses=("203.0.113.7", "2001:db8::7"),
        udp_ports=port,
        tcp_port=port,
    ) as gather:
        assert (await gather()).told == [
            ("udp", "203.0.113.7", port),
            ("tcp", "203.0.113.7", port),
            ("udp", own, port),
            ("udp", "127.0.0.1", port),
            ("tcp", own, port),
            ("tcp", "127.0.0.1", port),
        ]


async def test_the_worlds_name_for_us_may_be_told_alone() -> None:
    if not ice_sockets.is_here("::1"):
        pytest.skip("this machine has no IPv6")
    port = free_port()
    async with opened(
        ice_addresses=("127.0.0.1", "::1"),
        advertised_addresses=("203.0.113.7", "2001:db8::7"),
        hide_own_addresses=True,
        udp_ports=port,
    ) as gather:
        assert (await gather()).told == [("udp", "203.0.113.7", port), ("udp", "2001:db8::7", port)]


@pytest.mark.parametrize("ports", ["0", "shared", "range"])
async def test_ipv6_has_the_same_ways(ports: str) -> None:
    if not ice_sockets.is_here("::1"):
        pytest.skip("this machine has no IPv6")
    port = free_port()
    udp_ports = {"0": 0, "shared": port, "range": f"{port}-{port + 40}"}[ports]
    async with opened(ice_addresses=("::1",), udp_ports=udp_ports, tcp_port=free_port()) as gather:
        assert [(transport, host) for transport, host, _ in (await gather()).told] == [
            ("udp", "::1"),
            ("tcp", "::1"),
        ]


async def test_tcp_candidates_are_passive_and_come_after_udp() -> None:
    async with opened(tcp_port=free_port()) as gather:
        udp, tcp = (await gather()).connection.local_candidates
        assert tcp.to_sdp().endswith("typ host tcptype passive")
        assert tcp.priority < udp.priority


async def test_why_a_socket_cannot_be_opened_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What a sender is told names the usual reasons, and this is none of them."""
    async with opened() as gather:
        monkeypatch.setattr(own_sockets, "bind_udp", no_more_files)
        with pytest.raises(NoIceCandidate):
            await gather()
    assert "no socket can be opened at 127.0.0.1: Too many open files" in caplog.text


def no_more_files(*_: Any) -> socket.socket:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
