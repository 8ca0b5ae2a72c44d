"""Attackers, broken peers and overload: the session survives, or ends alone and at once."""

import asyncio
import gc
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import av
import psutil
import pytest
import uvloop
from aiortc.rtp import is_rtcp

from argusd.benchmarks.peers.clips import opus_clip, video_clip
from argusd.benchmarks.peers.publisher import CameraTrack, PacketTrack, Publisher
from argusd.ingest.config import IngestConfig
from argusd.ingest.decoding import decoder as decoder_module
from argusd.ingest.ipc.messages import CloseSession, IngestStats, SessionAnswer, SessionState
from argusd.ingest.shm.arena import HEAD
from argusd.ingest.shm.frame import FrameFlag

from ..ports import free_port
from ..waiting import LONGEST_S
from .attacks import forged, sockets_of, spray, ufrag_of

FLOOD = 5_000


def publisher(frames: int = 300) -> Publisher:
    return Publisher([PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15), repeat=frames // 30)])


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_forged_datagrams_from_the_first_moment_on_do_not_keep_a_session_from_connecting(
    rig_class: Any, tmp_path: Path, run: Callable[..., None]
) -> None:
    # On both loops: uvloop closes a socket whose protocol lets an exception escape.
    config = IngestConfig(runtime_dir=tmp_path, ice_addresses=("127.0.0.1",))
    run(connect_under_attack(rig_class(config), counts_by_session))


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_nor_do_they_on_a_port_that_sessions_share(
    rig_class: Any, tmp_path: Path, run: Callable[..., None]
) -> None:
    config = IngestConfig(runtime_dir=tmp_path, ice_addresses=("127.0.0.1",), udp_ports=free_port())
    run(connect_under_attack(rig_class(config), counts_by_worker))


async def counts_by_session(rig: Any, sent: int) -> None:
    counters = await rig.counters("video", lambda c: sum(c.dropped.values()) == sent)
    assert set(counters.dropped) == {
        "bad_stun",
        "short_datagram",
        "stranger_datagram",
        "unauthentic_stun",
        "unknown_datagram",
    }


async def counts_by_worker(rig: Any, sent: int) -> None:
    """What names a session is counted there."""

    def all_told(stats: IngestStats) -> bool:
        return stats.dropped["stranger_datagram"] + sum(stats.tracks[0].dropped.values()) == sent

    stats = await rig.controller.take(IngestStats, all_told)
    assert stats.dropped.keys() == {"stranger_datagram"}
    assert stats.tracks[0].dropped.keys() == {"unauthentic_stun"}


async def connect_under_attack(rig: Any, counts: Callable[[Any, int], Awaitable[None]]) -> None:
    await rig.start()
    peer = publisher()
    answer = await rig.request("one", await rig.offer(peer))
    assert isinstance(answer, SessionAnswer)
    stop = asyncio.Event()
    attack = asyncio.ensure_future(spray(answer.answer_sdp, stop))
    await peer.accept(answer.answer_sdp)
    stream = await rig.opened("video")
    await rig.written(stream.place, 30)
    stop.set()
    await counts(rig, await attack)
    await rig.close()


async def test_a_flood_of_strangers_leaves_memory_as_it_was(rig: Any) -> None:
    peer, process = publisher(), psutil.Process()
    answer = await rig.request("one", await rig.offer(peer))
    await peer.accept(answer.answer_sdp)
    place = (await rig.opened("video")).place

    datagrams = [each for kind in forged(ufrag_of(answer.answer_sdp)).values() for each in kind]

    async def flood(count: int) -> int:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number, datagram in enumerate(islice(cycle(datagrams), count)):
                stranger.sendto(datagram, sockets_of(answer.answer_sdp)[0])
                if number % 10 == 0:
                    await asyncio.sleep(0)
        await rig.written(place, int(rig.view.table[place, HEAD]) + 5)
        gc.collect()
        rss: int = process.memory_info().rss
        return rss

    before = await flood(FLOOD)
    assert await flood(4 * FLOOD) - before < 4 << 20


async def test_a_peer_that_invents_a_hundred_ssrcs_keeps_its_one_stream(rig: Any) -> None:
    peer = publisher()
    await rig.publish("one", peer)
    stream = await rig.opened("video")
    sender = peer.peer.getSenders()[0]
    for ssrc in range(100):
        await sender.transport._send_rtp(
            struct.pack("!BBHLL", 0x80, 97, 0, 0, 1000 + ssrc) + b"\x10" + bytes(10)
        )
    counters = await rig.counters("video", lambda c: c.dropped.get("unknown_ssrc_packet", 0) == 100)
    await rig.written(stream.place, counters.frames + 5)
    rig.controller.channel.send(CloseSession("one"))
    await rig.controller.take(SessionState, lambda state: state.state == "closed")


async def test_truncated_extensions_and_feedback_of_an_authenticated_peer_are_counted(rig: Any) -> None:
    peer = publisher()
    await rig.publish("one", peer)
    stream = await rig.opened("video")
    transport = peer.peer.getSenders()[0].transport
    short_send_time = (
        struct.pack("!BBHLLHH", 0x90, 97, 1, 1, 4242, 0xBEDE, 1) + b"\x30\x01\x00\x00" + b"x" * 20
    )
    short_remb = struct.pack("!BBHLL", 0x8F, 206, 4, 1, 0) + b"REMB" + b"\x09\x00\x00\x00"
    long_report = struct.pack("!BBHL", 0x9F, 200, 1, 1)
    for data in (short_send_time, short_remb, long_report):
        await transport._send_rtp(data)
    expected = {"malformed_packet": 1, "unknown_ssrc_packet": 1}
    counters = await rig.counters("video", lambda c: c.dropped == expected)
    await rig.written(stream.place, counters.frames + 5)


async def test_a_packet_lost_for_good_is_jumped_over_and_a_keyframe_ends_the_doubt(rig: Any) -> None:
    peer = Publisher([CameraTrack(160, 120)])
    await rig.publish("one", peer)
    reader = await rig.frames()
    lose_one_packet_for_good(peer, after=40)
    flags: list[FrameFlag] = []
    async with asyncio.timeout(LONGEST_S):
        while not (FrameFlag.SUSPECT in flags and flags[-1] == FrameFlag.NONE):
            frame = reader.newest()
            if frame is None:
                await rig.woken()
            else:
                flags.append(frame.info.flags)
    counters = await rig.counters("video", lambda c: "lost_packet" in c.dropped)
    assert counters.dropped["lost_packet"] == 1


def lose_one_packet_for_good(peer: Publisher, after: int) -> None:
    """Drop the packet that is sent after ``after`` others, and whatever retransmits it."""
    transport = peer.peer.getSenders()[0].transport
    send, sent, doomed = transport._send_rtp, 0, -1

    async def lossy(data: bytes) -> None:
        nonlocal sent, doomed
        if not is_rtcp(data):
            sent += 1
            number = int.from_bytes(data[2:4], "big")
            if sent == after:
                doomed = number
            if number == doomed or original_number(data) == doomed:
                return
        await send(data)

    transport._send_rtp = lossy  # type: ignore[method-assign]


def original_number(data: bytes) -> int:
    """The sequence number that a retransmission (payload type 98) carries, -1 for others."""
    if data[1] & 0x7F != 98:
        return -1
    extension = 4 + 4 * int.from_bytes(data[14:16], "big") if data[0] & 0x10 else 0
    return int.from_bytes(data[12 + extension : 14 + extension], "big")


class StuckContext:
    """Takes the place of a decoder that takes for ever."""

    def __init__(self) -> None:
        self.entered, self.release = threading.Event(), threading.Event()

    def decode(self, _packet: object) -> list[av.VideoFrame]:
        self.entered.set()
        self.release.wait(LONGEST_S)
        return []


async def test_a_session_with_a_stuck_decoder_closes_at_once_and_overload_is_counted(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = StuckContext()
    monkeypatch.setattr(decoder_module, "open_decoder", lambda *_: stuck)
    await rig.publish("one", publisher())
    counters = await rig.counters("video", lambda c: c.dropped.get("overload", 0) > 0)
    assert stuck.entered.is_set()
    assert counters.frames == 0
    rig.controller.channel.send(CloseSession("one"))
    state = await rig.controller.take(SessionState, lambda state: state.state == "closed")
    assert state.reason == "deleted"
    assert not stuck.release.is_set()  # the decoder is stuck still, and nobody waited for it
    stuck.release.set()


def join_decoders() -> None:
    """Wait for the threads that the worker never waits for."""
    for thread in threading.enumerate():
        if thread.name == "video-decoder":
            thread.join(LONGEST_S)


@pytest.mark.parametrize(
    ("warm_up", "cycles"),
    [(5, 15), pytest.param(100, 200, marks=[pytest.mark.slow, pytest.mark.timeout(600)])],
)
async def test_sessions_leave_memory_descriptors_threads_and_arena_as_they_were(
    start_rig: Callable[..., Any], warm_up: int, cycles: int
) -> None:
    rig = await start_rig(arena_mib=32)
    process = psutil.Process()

    async def cycle(index: int) -> None:
        tracks = [
            PacketTrack("video", video_clip("vp8", 160, 120, 30, gop=15)),
            PacketTrack("audio", opus_clip(50)),
        ]
        peer = Publisher(tracks)
        await rig.publish(f"session-{index}", peer)
        stream = await rig.opened("video")
        await rig.written(stream.place, 1)
        await peer.close()
        await rig.controller.take(SessionState, lambda state: state.state == "closed")
        rig.publishers.clear()

    async def settle() -> tuple[int, int, int, int]:
        await asyncio.to_thread(join_decoders)
        closing = [task for task in asyncio.all_tasks() if "Session." in repr(task.get_coro())]
        await asyncio.gather(*closing)
        gc.collect()
        used = int((rig.view.table[:, 0] != 0).sum())
        return process.num_fds(), threading.active_count(), used, process.memory_info().rss

    for index in range(warm_up):  # the allocator takes about 100 sessions to reach its plateau
        await cycle(index)
    points = [await settle()]
    for half in range(2):
        for index in range(cycles // 2):
            await cycle(warm_up + half * cycles + index)
        points.append(await settle())
    before, between, after = points
    assert after[:3] == between[:3] == before[:3]
    assert after[2] == 0
    # What leaks grows all the time; the heap of a process that ran many other tests may take a step once.
    assert min(after[3] - between[3], between[3] - before[3]) < 4 << 20
