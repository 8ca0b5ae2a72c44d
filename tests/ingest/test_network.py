"""Real peers under each network configuration: one port, a NAT that forgets, TCP alone."""

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ice.framing import frame
from argusd.ingest.ice.ice_sockets import host_addresses
from argusd.ingest.ice.tcp_listener import MAX_UNIDENTIFIED
from argusd.ingest.ipc.messages import IngestStats, SessionAnswer, SessionRefused, SessionState
from argusd.ingest.shm.arena import HEAD

from ..ports import free_port
from ..waiting import LONGEST_S
from .ice.test_ice_sockets import NOWHERE
from .nat import nat_before
from .tcp_peer import only_tcp
from .test_guard import ALERT, RTP, binding


def publisher(frames: int = 300) -> Publisher:
    return Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=frames // 30)])


async def is_live(rig: Any, session_id: str) -> None:
    await rig.controller.take(SessionState, lambda told: told == SessionState(session_id, "live"))


async def dropped(rig: Any, reason: str, count: int) -> None:
    await rig.controller.take(IngestStats, lambda stats: stats.dropped.get(reason, 0) >= count)


async def test_a_machine_without_the_configured_address_says_so(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(ice_addresses=(NOWHERE,))
    refusal = await rig.request("one", await rig.offer(publisher()))
    assert isinstance(refusal, SessionRefused)
    assert refusal.code == "no_ice_candidate"


async def test_several_sessions_come_through_one_port_and_strangers_do_not(
    start_rig: Callable[..., Any],
) -> None:
    port = free_port()
    rig = await start_rig(udp_ports=port)
    sessions = ("one", "two", "three")
    answers = {}
    for session_id in sessions:
        peer = publisher()
        answers[session_id] = await rig.request(session_id, await rig.offer(peer))
        await peer.accept(answers[session_id].answer_sdp)
    assert {
        line for each in answers.values() for line in re.findall(r"udp \d+ (\S+ \d+)", each.answer_sdp)
    } == {f"127.0.0.1 {port}"}
    rings = [await rig.opened("video") for _ in sessions]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for datagram in (b"", b"\0", RTP, ALERT, binding("some:body"), binding(None), b"\xff" * 1400):
            stranger.sendto(datagram, ("127.0.0.1", port))
    await dropped(rig, "stranger_datagram", 7)
    for ring in rings:
        await rig.written(ring.place, int(rig.view.table[ring.place, HEAD]) + 30)
    await rig.publishers[0].close()
    state = await rig.controller.take(SessionState, lambda told: told.state == "closed")
    assert (state.session_id, state.reason) == ("one", "client")
    await rig.written(rings[1].place, int(rig.view.table[rings[1].place, HEAD]) + 30)
    await rig.publish("four", publisher())


@pytest.mark.parametrize("shared", [False, True], ids=["own port", "shared port"])
async def test_a_peer_whose_port_changes_goes_on_and_is_answered_there(
    start_rig: Callable[..., Any], shared: bool
) -> None:
    rig = await start_rig(udp_ports=free_port() if shared else 0)
    peer = publisher(900)
    offer = re.sub(r"a=candidate:.*\r\n", "", await rig.offer(peer))  # there is no way past the NAT
    answer = await rig.request("one", offer)
    (port,) = re.findall(r"udp \d+ 127\.0\.0\.1 (\d+)", answer.answer_sdp)
    async with nat_before(("127.0.0.1", int(port))) as nat:
        await peer.accept(answer.answer_sdp.replace(f"127.0.0.1 {port} ", f"127.0.0.1 {nat.inside} "))
        ring = await rig.opened("video")
        await rig.written(ring.place, 10)
        await nat.forget()
        await rig.written(ring.place, int(rig.view.table[ring.place, HEAD]) + 60)
        await asyncio.wait_for(nat.media_back.wait(), LONGEST_S)


@pytest.mark.parametrize("hide", [False, True], ids=["besides our own", "alone"])
async def test_a_peer_comes_to_the_address_that_a_nat_has_for_us(
    start_rig: Callable[..., Any], hide: bool
) -> None:
    own = next((address for address in host_addresses() if "." in address and address != "127.0.0.1"), None)
    if own is None:
        pytest.skip("this machine has no address but loopback")
    port, known_as = free_port(), "127.0.0.7"
    rig = await start_rig(
        udp_ports=port,
        ice_addresses=(own,),
        advertised_addresses=(known_as,),
        hide_own_addresses=hide,
    )
    peer = publisher()
    answer = await rig.request("one", re.sub(r"a=candidate:.*\r\n", "", await rig.offer(peer)))
    assert (own in answer.answer_sdp) is not hide
    async with nat_before((own, port), inside=(known_as, port)):
        await peer.accept(re.sub(rf"a=candidate:.* {own} .*\r\n", "", answer.answer_sdp))
        ring = await rig.opened("video")
        await rig.written(ring.place, 30)
        await peer.close()


async def test_a_peer_that_gets_through_by_tcp_alone(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(tcp_port=free_port())
    for session_id in ("one", "two"):
        peer = publisher()
        transport = only_tcp(peer.peer)
        await rig.publish(session_id, peer)
        ring = await rig.opened("video")
        await rig.written(ring.place, 60)
        assert len(transport.writers) == 1
    await rig.publishers[0].close()
    state = await rig.controller.take(SessionState, lambda told: told.state == "closed")
    assert (state.session_id, state.reason) == ("one", "client")


@pytest.fixture
def strangers() -> Iterator[Callable[[int], socket.socket]]:
    with ExitStack() as stack:

        def connect(port: int) -> socket.socket:
            sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            sock.setblocking(False)
            return sock

        yield connect


async def hung_up(sock: socket.socket) -> None:
    """Return when the other end has closed the connection."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(LONGEST_S):
        try:
            assert await loop.sock_recv(sock, 1) == b""
        except ConnectionResetError:
            return


@pytest.mark.parametrize(
    "said",
    [frame(b""), frame(RTP), frame(binding("some:body")), frame(binding(None)), b"\xff" * 70_000],
    ids=["nothing", "media", "another session", "nobody", "no STUN"],
)
async def test_a_tcp_connection_that_names_no_session_ends_at_once(
    start_rig: Callable[..., Any], strangers: Callable[[int], socket.socket], said: bytes
) -> None:
    port = free_port()
    rig = await start_rig(tcp_port=port)
    sock = strangers(port)
    await asyncio.get_running_loop().sock_sendall(sock, said)
    await hung_up(sock)
    await dropped(rig, "tcp_stranger", 1)


async def test_silent_tcp_connections_are_few_and_end_in_time(
    start_rig: Callable[..., Any], strangers: Callable[[int], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    rig = await start_rig(tcp_port=port)
    first, *_others = [strangers(port) for _ in range(MAX_UNIDENTIFIED + 1)]
    await hung_up(first)
    await dropped(rig, "tcp_overflow", 1)
    only_tcp((peer := publisher()).peer)
    await rig.publish("one", peer)
    monkeypatch.setattr("argusd.ingest.ice.tcp_listener.IDENTIFIED_WITHIN_S", 0.2)
    late = strangers(port)
    await asyncio.get_running_loop().sock_sendall(late, b"\0")  # half a length says nothing
    await hung_up(late)
    await dropped(rig, "tcp_silent", 1)
    assert isinstance(await rig.request("two", await rig.offer(publisher())), SessionAnswer)
