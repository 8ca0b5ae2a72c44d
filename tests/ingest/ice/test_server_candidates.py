"""STUN and TURN servers: what they answer, that they do not, and media through a relay."""

import asyncio
import re
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from aioice import stun, turn

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ice import server_candidates
from argusd.ingest.ice.ice_servers import IceServer

from ...ports import free_port
from ...waiting import LONGEST_S
from .test_ice_sockets import NOWHERE, opened

MAPPED = ("203.0.113.7", 40123)


class StunServer(asyncio.DatagramProtocol):
    """Tells everybody the same address, as if a NAT stood between us."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asked = stun.parse_message(data)
        answer = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=asked.transaction_id,
        )
        answer.attributes["XOR-MAPPED-ADDRESS"] = MAPPED
        self._transport.sendto(bytes(answer), addr)


@asynccontextmanager
async def stun_server() -> AsyncIterator[IceServer]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(StunServer, local_addr=("127.0.0.1", 0))
    yield IceServer(urls=(f"stun:127.0.0.1:{transport.get_extra_info('sockname')[1]}",))
    transport.close()


@pytest.mark.parametrize("shared", [False, True], ids=["own port", "shared port"])
async def test_the_address_that_a_nat_gives_us_is_a_candidate(shared: bool) -> None:
    async with (
        stun_server() as server,
        opened(
            udp_ports=free_port() if shared else 0,
            ice_addresses=("127.0.0.1", "127.0.0.2"),
            ice_servers=(server,),
        ) as gather,
    ):
        session = await gather()
        host, _, reflexive = session.connection.local_candidates
        assert (reflexive.type, reflexive.host, reflexive.port) == ("srflx", *MAPPED)
        assert (reflexive.related_address, reflexive.related_port) == (host.host, host.port)
        assert session.dropped == {}


async def test_a_candidate_may_keep_to_itself_what_stands_behind_the_nat() -> None:
    async with (
        stun_server() as server,
        opened(ice_addresses=("127.0.0.1",), ice_servers=(server,), hide_own_addresses=True) as gather,
    ):
        (reflexive,) = (await gather()).connection.local_candidates
        assert reflexive.to_sdp().endswith(f"{MAPPED[0]} {MAPPED[1]} typ srflx raddr 0.0.0.0 rport 9")


async def test_a_server_that_is_silent_or_not_there_costs_a_candidate_and_no_more(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(server_candidates, "ANSWER_WITHIN_S", 0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        servers = (
            IceServer(urls=(f"stun:127.0.0.1:{silent.getsockname()[1]}",)),
            IceServer(
                urls=(f"turn:127.0.0.1:{free_port()}?transport=tcp",),
                username="argus",
                credential="s3cret",
            ),
        )
        async with opened(ice_servers=servers) as gather:
            assert [transport for transport, _, _ in (await gather()).told] == ["udp"]
    assert caplog.text.count("gives no candidate") == 2
    assert "s3cret" not in caplog.text


@asynccontextmanager
async def turn_server(folder: Path, *users: str) -> AsyncIterator[int]:
    """coturn on loopback."""
    program = shutil.which("turnserver")
    if program is None:
        pytest.skip("coturn's turnserver is not here: run `make test-packages` as root, or install it")
    port = free_port()
    options = (
        f"-n --listening-ip=127.0.0.1 --relay-ip=127.0.0.1 --listening-port={port} --lt-cred-mech --no-cli"
        f" --realm=test --allow-loopback-peers --no-tls --no-dtls --log-file=stdout"
        f" --pidfile={folder / 'pid'} --userdb={folder / 'db'}"
    )
    server = await asyncio.create_subprocess_exec(
        program,
        *options.split(),
        *users,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(LONGEST_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
        writer.close()
        yield port
    finally:
        server.terminate()
        await server.wait()


SECRET = ("--use-auth-secret", "--static-auth-secret=s3cret")


@pytest.mark.parametrize(
    ("transport", "users"),
    [("udp", ("--user=argus:s3cret",)), ("tcp", ("--user=argus:s3cret",)), ("udp", SECRET)],
    ids=["udp", "tcp", "shared secret"],
)
async def test_media_come_through_a_relay_where_nothing_else_gets_through(
    start_rig: Callable[..., Any], tmp_path: Path, transport: str, users: tuple[str, ...]
) -> None:
    async with turn_server(tmp_path, *users) as port:
        urls = (f"turn:127.0.0.1:{port}?transport={transport}",)
        server = IceServer(urls=urls, username="argus", credential="s3cret", shared_secret=users is SECRET)
        rig = await start_rig(ice_servers=(server,), ice_addresses=(NOWHERE,))
        peer = Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=10)])
        answer = await rig.request("one", await rig.offer(peer))
        assert re.findall(r"typ (\w+)", answer.answer_sdp) == ["relay"]
        await peer.accept(answer.answer_sdp)
        ring = await rig.opened("video")
        await rig.written(ring.place, 60)
        await peer.close()


async def test_a_relays_channel_is_renewed_in_time_though_the_wall_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Client(turn.TurnClientUdpProtocol):
        bound = 0

        async def channel_bind(self, channel_number: int, addr: tuple[str, int]) -> None:
            self.bound += 1

        def _send(self, data: bytes) -> None:
            pass

    monkeypatch.setattr(time, "time", lambda: 0.0)
    client = Client(("127.0.0.1", 3478), "user", "password", 600, turn.DEFAULT_CHANNEL_REFRESH_TIME)
    for renewed_s_ago in (1, 499, 501):
        client.peer_to_channel[MAPPED] = 0x4000
        client.channel_refresh_at[0x4000] = (
            time.monotonic() - renewed_s_ago + turn.DEFAULT_CHANNEL_REFRESH_TIME
        )
        await client.send_data(b"media", MAPPED)
    assert client.bound == 1
