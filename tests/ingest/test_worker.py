"""The worker end to end: real WebRTC publishers on loopback, frames and samples out of shared memory."""

import asyncio
import re
import struct
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest
from aiortc import RTCSessionDescription
from aiortc.rtp import is_rtcp

from argusd.benchmarks.peers.clips import VideoName, opus_clip, video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.half_open import UNFAIR
from argusd.ingest.ipc.messages import (
    CloseSession,
    IngestStats,
    OpenSession,
    Place,
    SessionAnswer,
    SessionRefused,
    SessionState,
    TrackClosed,
    TrackOpened,
    TracksWanted,
)
from argusd.ingest.session import Session
from argusd.ingest.shm.arena import GENERATION, HEAD
from argusd.ingest.shm.ring import FrameReader, read_anchor
from argusd.scheduler.contract.media import SAMPLE_RATE, TrackKind
from argusd.scheduler.contract.media_key import MediaKey

from ..waiting import LONGEST_S

ORIENTATION_ID = 7


def video_publisher(
    codec: VideoName = "vp8", frames: int = 60, size: tuple[int, int] = (320, 240)
) -> Publisher:
    return Publisher([PacketTrack("video", video_clip(codec, *size, frames, gop=15))], codec)


def reference(codec: str, packets: tuple[bytes, ...]) -> list[np.ndarray[Any, Any]]:
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    frames = [frame for packet in packets for frame in context.decode(av.Packet(packet))]
    return [frame.to_ndarray(format="yuv420p") for frame in frames + context.decode(None)]


@pytest.mark.parametrize("codec", VIDEO_CODECS)
async def test_every_frame_lies_in_the_ring_bit_by_bit(
    start_rig: Callable[..., Any], codec: VideoName
) -> None:
    rig = await start_rig(slots=64)
    await rig.publish("one", video_publisher(codec, 40))
    reader = await rig.frames()
    seen: dict[int, Any] = {}
    expected = reference(VIDEO_CODECS[codec].decoder, video_clip(codec, 320, 240, 40, gop=15))
    async with asyncio.timeout(LONGEST_S):
        while reader.next < 40:
            frame = reader.newest()
            if frame is None:
                await rig.woken()
                continue
            seen[frame.number] = np.concatenate([plane.reshape(-1) for plane in frame.planes])
            assert frame.valid()
    assert len(seen) + reader.skipped == 40
    assert len(seen) >= 20
    assert all(np.array_equal(pixels, expected[number].reshape(-1)) for number, pixels in seen.items())


def turn_from(peer: Publisher, first: int) -> None:
    """Say with the last packet of the ``first`` picture, and of all after it, that they lie on their side."""
    transport = peer.peer.getSenders()[0].transport
    send, pictures = transport._send_rtp, 0

    async def turned(data: bytes) -> None:
        nonlocal pictures
        if not is_rtcp(data) and data[1] & 0x80:
            pictures += 1
            if pictures > first:
                words = int.from_bytes(data[14:16], "big")
                end = 16 + 4 * words
                element = bytes((ORIENTATION_ID << 4, 1, 0, 0))
                data = data[:14] + (words + 1).to_bytes(2, "big") + data[16:end] + element + data[end:]
        await send(data)

    transport._send_rtp = turned  # type: ignore[method-assign]


async def test_a_phone_that_is_turned_gives_upright_pictures_of_another_shape(rig: Any) -> None:
    peer = video_publisher(frames=40)
    turn_from(peer, 20)
    offer = await rig.offer(peer)
    extension = f"a=extmap:{ORIENTATION_ID} urn:3gpp:video-orientation\r\n"
    offer = offer.replace("a=rtcp-mux\r\n", f"a=rtcp-mux\r\n{extension}")
    answer = await rig.request("one", offer)
    assert extension in answer.answer_sdp
    await peer.accept(answer.answer_sdp)
    expected = reference("vp8", video_clip("vp8", 320, 240, 40, gop=15))
    for size, first in (((320, 240), 0), ((240, 320), 20)):
        reader = await rig.frames()
        while (frame := reader.newest()) is None or frame.number < 10:
            await rig.woken()
        assert (frame.info.width, frame.info.height) == size
        luma = expected[first + frame.number][:240]
        assert np.array_equal(frame.planes[0], luma if first == 0 else np.rot90(luma, -1))
        assert frame.valid()


async def test_sound_and_picture_carry_the_senders_clock(rig: Any) -> None:
    tracks = [
        PacketTrack("video", video_clip("vp8", 320, 240, 120, gop=15)),
        PacketTrack("audio", opus_clip(200)),
    ]
    await rig.publish("one", Publisher(tracks))
    opened = {stream.kind: stream for stream in [await rig.reader.take(TrackOpened) for _ in range(2)]}
    audio, video = opened["audio"], opened["video"]
    await rig.written(audio.place, 3 * SAMPLE_RATE)  # reports come within 1.5 s
    frame = FrameReader(rig.view, video.place, video.generation).newest()
    anchor = read_anchor(rig.view, audio.place)
    now_ns, now_monotonic_ns = time.time_ns(), time.monotonic_ns()
    assert frame is not None
    for captured_ns, arrival_ns in (
        (frame.info.captured_ns, frame.info.arrival_ns),
        (anchor.captured_ns, anchor.arrival_ns),
    ):
        age_ns = now_monotonic_ns - arrival_ns
        assert abs(now_ns - age_ns - captured_ns) < 200_000_000
    assert anchor.sample % 320 == 0


async def test_four_seconds_of_packets_are_four_seconds_of_samples(rig: Any) -> None:
    await rig.publish("one", Publisher([PacketTrack("audio", opus_clip(100))]))
    audio = await rig.opened("audio")
    await rig.written(audio.place, 2 * SAMPLE_RATE)
    counters = await rig.counters("audio", lambda counters: counters.frames == 100)
    assert counters.dropped == {}
    assert rig.view.table[audio.place, HEAD] == 2 * SAMPLE_RATE


async def test_another_picture_size_opens_another_ring_and_closes_the_first(rig: Any) -> None:
    clip = video_clip("vp8", 320, 240, 20) + video_clip("vp8", 160, 120, 20)
    await rig.publish("one", Publisher([PacketTrack("video", clip)]))
    first, second = await rig.frames(), await rig.frames()
    async with asyncio.timeout(LONGEST_S):
        while (frame := second.newest()) is None:
            await rig.woken()
    assert (frame.info.width, frame.info.height) == (160, 120)
    assert second.generation > first.generation
    assert first.newest() is None
    counters = await rig.counters("video", lambda counters: counters.frames == 40)
    assert counters.dropped == {}


async def test_states_are_told_until_the_client_says_goodbye(rig: Any) -> None:
    publisher = video_publisher()
    await rig.publish("one", publisher)
    await rig.opened("video")
    state = await rig.controller.take(SessionState, lambda state: state.state == "live")
    assert state == SessionState("one", "live")
    await publisher.close()
    state = await rig.controller.take(SessionState, lambda state: state.state == "closed")
    assert state.reason == "client"
    assert await rig.reader.take(TrackClosed) == TrackClosed(MediaKey("one"), "video")


async def test_a_silent_publisher_is_stale_then_gone(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(stale_s=2.0, closed_s=4.0)
    await rig.publish("one", video_publisher(frames=5))
    states = [await rig.controller.take(SessionState) for _ in range(4)]
    assert states == [
        SessionState("one", "connecting"),
        SessionState("one", "live"),
        SessionState("one", "stale"),
        SessionState("one", "closed", "silent"),
    ]


async def test_an_offer_that_nobody_follows_up_is_reaped(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(connect_s=0.3)
    await rig.request("one", await rig.offer(video_publisher()))
    state = await rig.controller.take(SessionState, lambda state: state.state == "closed")
    assert state.reason == "never_connected"


async def test_a_certificate_that_is_not_the_offered_one_ends_the_session_with_its_reason(
    rig: Any, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = video_publisher()
    offer = await rig.offer(publisher)
    answer = await rig.request("one", re.sub(r"(a=fingerprint:\S+) .*\r\n", r"\1 AA:BB\r\n", offer))
    assert isinstance(answer, SessionAnswer)
    await publisher.peer.setRemoteDescription(RTCSessionDescription(answer.answer_sdp, "answer"))
    state = await rig.controller.take(SessionState, lambda state: state.state == "closed")
    detail = "the certificate is not the one of the offer's a=fingerprint"
    assert (state.reason, state.detail) == ("dtls_failed", detail)
    (told,) = [record for record in caplog.records if "DTLS" in record.getMessage()]
    assert told.getMessage() == f"the session ends, its DTLS failed: {detail}"


@pytest.mark.parametrize("setup", ["actpass", "active", "passive"])
async def test_a_sender_has_the_part_in_the_handshake_that_it_offers(rig: Any, setup: str) -> None:
    publisher = video_publisher()
    offer = (await rig.offer(publisher)).replace("a=setup:actpass", f"a=setup:{setup}")
    answer = await rig.request("one", offer)
    await publisher.accept(answer.answer_sdp)
    stream = await rig.opened("video")
    await rig.written(stream.place, 5)


@pytest.mark.parametrize("direction", ["inactive", "recvonly"])
async def test_an_answer_says_what_is_received_and_the_senders_name(rig: Any, direction: str) -> None:
    tracks = [PacketTrack("video", video_clip("vp8", 64, 48, 1)), PacketTrack("audio", opus_clip(1))]
    publisher = Publisher(tracks)
    publisher.peer.getTransceivers()[1].direction = direction
    offer = await rig.offer(publisher)
    answer = await rig.request("one", offer)
    assert answer.kinds == ("video",)
    assert f"a=ice-ufrag:{answer.ice_ufrag}\r\n" in offer


async def test_a_sender_with_a_data_channel_publishes_without_it(rig: Any) -> None:
    publisher = video_publisher()
    publisher.peer.createDataChannel("chat")
    answer = await rig.request("one", await rig.offer(publisher))
    await publisher.peer.setRemoteDescription(RTCSessionDescription(answer.answer_sdp, "answer"))
    stream = await rig.opened("video")
    await rig.written(stream.place, 5)


async def test_a_deleted_session_leaves_no_ring(rig: Any) -> None:
    await rig.publish("one", video_publisher())
    stream = await rig.opened("video")
    await rig.written(stream.place, 1)
    rig.controller.channel.send(CloseSession("one"))
    state = await rig.controller.take(SessionState, lambda state: state.state == "closed")
    assert state.reason == "deleted"
    assert not rig.view.table[:, 0].any()


async def test_who_connects_later_is_told_what_is_true(rig: Any) -> None:
    await rig.publish("one", video_publisher(frames=200))
    stream = await rig.opened("video")
    await rig.controller.take(SessionState, lambda state: state.state == "live")
    rig.controller.channel.close()
    rig.reader.channel.close()
    connect = type(rig.controller)
    rig.controller = connect(rig.config.socket_path, "controller")
    rig.reader = connect(rig.config.socket_path, "reader")
    assert await rig.controller.take(SessionState) == SessionState("one", "live")
    assert await rig.reader.take(TrackOpened) == stream


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("a=sendonly", "a=inactive"), "offer_not_sending"),
        (("VP8/90000", "H265/90000"), "unsupported_codec"),
        (("a=rtcp-mux\r\n", ""), "bad_offer"),
        (("v=0", "hello"), "bad_offer"),
        (("a=fingerprint:sha-256 ", "a=fingerprint:md5 "), None),
    ],
)
async def test_a_refused_offer_has_its_code_and_leaves_nothing(
    rig: Any, change: tuple[str, str], code: str | None
) -> None:
    offer = await rig.offer(video_publisher())
    answer = await rig.request("one", offer.replace(*change))
    assert isinstance(answer, SessionRefused) == (code is not None)
    if isinstance(answer, SessionRefused):
        assert answer.code == code
        again = await rig.request("one", offer)
        assert not isinstance(again, SessionRefused)


async def test_a_session_deleted_while_it_is_opened_is_refused_and_gone(rig: Any) -> None:
    offer = await rig.offer(video_publisher())
    rig.controller.channel.send(OpenSession(7, "one", offer))
    rig.controller.channel.send(CloseSession("one"))
    refusal = await rig.controller.take(SessionRefused)
    assert (refusal.request, refusal.code) == (7, "session_ended")
    again = await rig.request("one", offer)
    assert not isinstance(again, SessionRefused)


async def test_a_session_is_replaced_by_an_offer_that_is_accepted(rig: Any) -> None:
    first, second = video_publisher(frames=300), video_publisher()
    await rig.publish("one", first)
    older = await rig.opened("video")
    await rig.controller.take(SessionState, lambda state: state.state == "live")
    rig.controller.channel.send(OpenSession(7, "one", "v=0 bad", replace=True))
    rig.controller.channel.send(OpenSession(8, "one", await rig.offer(second), replace=True))
    told: Any = SessionState | SessionAnswer | SessionRefused
    refused, closed, answer, connecting = [await rig.controller.take(told) for _ in range(4)]
    assert (refused.request, refused.code) == (7, "bad_offer")
    assert closed == SessionState("one", "closed", "replaced")
    assert answer.request == 8
    assert connecting == SessionState("one", "connecting")
    await second.accept(answer.answer_sdp)
    newer = await rig.opened("video")
    assert newer.generation > older.generation
    await rig.controller.take(SessionState, lambda state: state.state == "live")


async def test_what_fails_in_one_session_ends_that_one_and_the_others_go_on(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        await rig.publish(name, video_publisher(frames=300))
    report = Session.report

    def failing(session: Session) -> None:
        if session.session_id == "one":
            raise struct.error("a bug")
        report(session)

    monkeypatch.setattr(Session, "report", failing)
    state = await rig.controller.take(SessionState, lambda state: state.state == "closed")
    assert state == SessionState("one", "closed", "internal_error")
    await rig.counters("video", lambda counters: counters.session_id == "two")


async def test_an_offer_that_something_stumbles_over_is_refused(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = await rig.offer(video_publisher())
    with monkeypatch.context() as patch:
        patch.setattr(Session, "answer", stumble)
        refused = await rig.request("one", offer)
    assert refused.code == "internal_error"
    assert isinstance(await rig.request("one", offer), SessionAnswer)


async def stumble(_session: Session, _offer: str) -> None:
    raise IndexError("a bug")


async def test_offers_that_overtake_each_other_leave_one_session(rig: Any) -> None:
    publishers = [video_publisher() for _ in range(3)]
    offers = [await rig.offer(publisher) for publisher in publishers]
    for number, offer in enumerate(offers):
        rig.controller.channel.send(OpenSession(number, "one", offer, replace=True))
    told: Any = SessionAnswer | SessionRefused
    answers = {answer.request: answer for answer in [await rig.controller.take(told) for _ in range(3)]}
    assert [getattr(answers[number], "code", "answered") for number in range(3)] == [
        "session_ended",
        "session_ended",
        "answered",
    ]
    await publishers[2].accept(answers[2].answer_sdp)
    state = await rig.controller.take(SessionState, lambda state: state.state == "live")
    assert state.session_id == "one"


async def test_a_session_id_is_open_once_and_the_worker_has_its_limit(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(max_sessions=1)
    await rig.publish("one", video_publisher())
    offer = await rig.offer(video_publisher())
    first, second = await rig.request("one", offer), await rig.request("two", offer)
    assert (first.code, second.code) == ("session_exists", "worker_full")


async def test_a_session_without_a_path_gives_its_place_to_another_clients(
    start_rig: Callable[..., Any],
) -> None:
    rig = await start_rig(max_sessions=UNFAIR, ice_addresses=("127.0.0.1",))
    offer = await rig.offer(video_publisher())
    for number in range(UNFAIR):
        rig.controller.channel.send(OpenSession(number, f"a{number}", offer, client="a"))
        await rig.controller.take(SessionAnswer)
    stats = await rig.controller.take(IngestStats, lambda stats: stats.sessions == UNFAIR)
    assert stats.half_open == UNFAIR
    rig.controller.channel.send(OpenSession(20, "a-more", offer, client="a"))
    assert (await rig.controller.take(SessionRefused)).code == "worker_full"
    rig.controller.channel.send(OpenSession(21, "b", offer, client="b"))
    closed = await rig.controller.take(SessionState, lambda state: state.state == "closed")
    assert closed == SessionState("a0", "closed", "never_connected", "it gave way to another session")
    assert (await rig.controller.take(SessionAnswer)).request == 21


@pytest.mark.parametrize(("place", "code"), [("of_client", "rate_limited"), ("of_any", "overloaded")])
async def test_a_session_that_is_to_take_anothers_place_needs_one_that_gives_way(
    rig: Any, place: Place, code: str
) -> None:
    publisher = video_publisher(frames=300)
    await rig.publish("live", publisher)
    await rig.controller.take(SessionState, lambda state: state.state == "live")
    offer = await rig.offer(video_publisher())
    rig.controller.channel.send(OpenSession(7, "new", offer, client="a", place=place))
    assert (await rig.controller.take(SessionRefused)).code == code
    rig.controller.channel.send(OpenSession(8, "live", offer, client="a", place=place, replace=True))
    assert (await rig.controller.take(SessionAnswer)).request == 8


async def test_when_the_arena_is_full_others_go_on(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(arena_mib=8)
    await rig.publish("big", video_publisher(size=(960, 540), frames=150))
    stream = await rig.opened("video")
    refusal = await rig.request("other", await rig.offer(video_publisher()))
    assert isinstance(refusal, SessionRefused)
    assert refusal.code == "shm_exhausted"
    before = int(rig.view.table[stream.place, HEAD])
    await rig.written(stream.place, before + 10)


async def test_an_offer_is_accepted_only_with_room_for_its_pictures(start_rig: Callable[..., Any]) -> None:
    """Also before the earlier ones have brought any: they will."""
    rig = await start_rig(arena_mib=8)
    offer = await rig.offer(video_publisher())
    answers = [await rig.request(f"s{number}", offer) for number in range(3)]
    assert [getattr(answer, "code", "answered") for answer in answers] == [
        "answered",
        "answered",
        "shm_exhausted",
    ]
    assert (await rig.controller.take(IngestStats, lambda stats: stats.sessions == 2)).arena_fits_more == 0
    rig.controller.channel.send(CloseSession("s0"))
    assert not isinstance(await rig.request("s2", offer), SessionRefused)


async def test_a_session_is_replaced_in_a_full_arena_and_not_ended_for_one_that_finds_no_room(
    start_rig: Callable[..., Any],
) -> None:
    rig = await start_rig(arena_mib=4)
    sound = await rig.offer(Publisher([PacketTrack("audio", opus_clip(1))]))
    pictures = await rig.offer(video_publisher())
    for session_id, offer in (("big", pictures), ("small", sound)):
        assert not isinstance(await rig.request(session_id, offer), SessionRefused)
    rig.controller.channel.send(OpenSession(7, "small", pictures, replace=True))
    rig.controller.channel.send(OpenSession(8, "big", pictures, replace=True))
    told: Any = SessionState | SessionRefused
    refused = await rig.controller.take(SessionRefused)
    assert (refused.request, refused.code) == (7, "shm_exhausted")
    closed = await rig.controller.take(told, lambda message: getattr(message, "state", "closed") == "closed")
    assert closed == SessionState("big", "closed", "replaced")
    assert (await rig.controller.take(SessionAnswer)).request == 8


@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_a_track_that_nobody_looks_at_leaves_nothing_and_begins_anew_for_who_looks_again(
    rig: Any, kind: TrackKind
) -> None:
    packets = video_clip("vp8", 320, 240, 60, gop=15) if kind == "video" else opus_clip(50)
    await rig.publish("one", Publisher([PacketTrack(kind, packets, repeat=20)]))
    ring = await rig.opened(kind)
    rig.controller.channel.send(TracksWanted("one", ()))
    await rig.counters(kind, lambda counters: counters.dropped.get("unwanted", 0) > 5)
    assert not rig.view.table[ring.place, GENERATION]
    rig.controller.channel.send(TracksWanted("one", (kind,)))
    again = await rig.opened(kind)
    assert again.generation > ring.generation
    await rig.written(again.place, 3)


async def test_of_a_track_that_is_looked_at_seldom_fewer_pictures_are_published(rig: Any) -> None:
    await rig.publish("one", video_publisher(frames=60))
    rig.controller.channel.send(TracksWanted("one", ("video",), pictures_hz=8.0))
    counters = await rig.counters("video", lambda counters: counters.dropped.get("not_shown", 0) >= 20)
    assert counters.frames >= 20
    assert set(counters.dropped) == {"not_shown"}


async def test_frames_that_find_no_room_are_counted_and_the_session_lives(
    start_rig: Callable[..., Any],
) -> None:
    rig = await start_rig(arena_mib=12, slots=2)
    await rig.publish("first", video_publisher(size=(1920, 1080), frames=60))
    await rig.opened("video")
    await rig.publish("one", video_publisher(size=(1920, 1080), frames=60))
    counters = await rig.counters("video", lambda counters: counters.dropped.get("arena_full", 0) > 10)
    assert (counters.session_id, counters.frames) == ("one", 0)


async def test_pictures_that_are_too_large_are_refused_undecoded(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(max_width=300, max_height=200)
    await rig.publish("one", video_publisher(frames=40))
    counters = await rig.counters("video", lambda c: c.dropped.get("frame_too_large", 0) == 40)
    assert (counters.frames, counters.dropped) == (0, {"frame_too_large": 40})
