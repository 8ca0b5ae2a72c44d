"""Tracks that stop, seen at the worker: real peers, one of whose tracks goes on."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from argusd.benchmarks.peers.clips import opus_clip, video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.ipc.messages import (
    CloseSession,
    SessionState,
    TrackClosed,
    TrackOpened,
    TrackState,
    TracksWanted,
)
from argusd.scheduler.contract.media import TrackKind

SOUND_S = 30
LARGE, SMALL = (640, 480), (320, 240)


def sound() -> PacketTrack:
    return PacketTrack("audio", opus_clip(50), repeat=SOUND_S)


def pictures(packets: Sequence[bytes], *, repeat: int = 1) -> PacketTrack:
    return PacketTrack("video", packets, repeat=repeat)


def moving(seconds: int, size: tuple[int, int] = SMALL) -> Sequence[bytes]:
    return video_clip("vp8", *size, 30 * seconds, gop=15)


async def told(rig: Any, kind: TrackKind, count: int) -> list[tuple[str, str]]:
    """The next states of a track that its controller and its readers hear of."""
    states = [await rig.controller.take(TrackState, lambda state: state.kind == kind) for _ in range(count)]
    heard = [await rig.reader.take(TrackState, lambda state: state.kind == kind) for _ in range(count)]
    assert states == heard
    return [(state.state, state.reason) for state in states]


async def test_pictures_that_stop_while_the_sound_goes_on(rig: Any) -> None:
    await rig.publish("one", Publisher([pictures(moving(1)), sound()]))
    assert await told(rig, "video", 3) == [("connecting", ""), ("live", ""), ("stale", "no_media")]


async def test_pictures_that_nobody_looks_at_are_there_until_they_stop(rig: Any) -> None:
    publisher = Publisher([pictures(moving(1)), sound()])
    answer = await rig.request("one", await rig.offer(publisher))
    rig.controller.channel.send(TracksWanted("one", ("audio",)))
    await publisher.accept(answer.answer_sdp)
    assert await told(rig, "video", 3) == [("connecting", ""), ("live", ""), ("stale", "no_media")]
    counters = await rig.counters("video")
    assert (counters.frames, counters.dropped) == (0, {"unwanted": 30})


async def test_sound_that_stops_while_the_pictures_go_on(rig: Any) -> None:
    tracks = [pictures(moving(1), repeat=SOUND_S), PacketTrack("audio", opus_clip(50))]
    await rig.publish("one", Publisher(tracks))
    assert await told(rig, "audio", 3) == [("connecting", ""), ("live", ""), ("stale", "no_media")]


async def test_a_track_that_never_begins(rig: Any) -> None:
    await rig.publish("one", Publisher([pictures([]), sound()]))
    assert await told(rig, "video", 2) == [("connecting", ""), ("stale", "never_began")]


async def test_a_track_that_is_taken_away_and_brought_back(rig: Any) -> None:
    publisher = Publisher([pictures(moving(1), repeat=SOUND_S), sound()])
    await rig.publish("one", publisher)
    assert await told(rig, "video", 2) == [("connecting", ""), ("live", "")]
    sender = next(sender for sender in publisher.peer.getSenders() if sender.kind == "video")
    sender.replaceTrack(None)
    assert await told(rig, "video", 1) == [("stale", "no_media")]
    sender.replaceTrack(pictures(moving(1), repeat=SOUND_S))
    assert await told(rig, "video", 1) == [("live", "")]


async def test_a_last_picture_that_is_sent_over_and_over(rig: Any) -> None:
    """As Firefox does when its camera is stopped; a newer one is seen at once."""
    keyframes = video_clip("vp8", *SMALL, 90, gop=1)
    camera = [*keyframes[:90:30], *8 * [keyframes[60]], *keyframes[:90:30]]
    await rig.publish("one", Publisher([PacketTrack("video", camera, fps=1), sound()]))
    assert await told(rig, "video", 4) == [
        ("connecting", ""),
        ("live", ""),
        ("stale", "frozen"),
        ("live", ""),
    ]
    assert (await rig.counters("video")).dropped["repeated"] == 8


async def test_a_sender_that_ends_says_so(rig: Any) -> None:
    publisher = Publisher([pictures(moving(1), repeat=SOUND_S), sound()])
    await rig.publish("one", publisher)
    assert await told(rig, "video", 2) == [("connecting", ""), ("live", "")]
    sender = next(sender for sender in publisher.peer.getSenders() if sender.kind == "video")
    await sender.stop()
    assert await told(rig, "video", 1) == [("stale", "ended")]


@pytest.mark.parametrize(
    ("settings", "packets", "reason"),
    [
        ({"max_width": 640, "max_height": 400}, moving(1, LARGE), "frame_too_large"),
        ({}, [*moving(1)[1:15]], "await_keyframe"),
        ({}, [moving(1)[0][:10] + bytes(200)], "undecodable"),
    ],
)
async def test_pictures_that_are_all_dropped(
    start_rig: Callable[..., Any], settings: dict[str, Any], packets: Sequence[bytes], reason: str
) -> None:
    rig = await start_rig(**settings)
    await rig.publish("one", Publisher([pictures(packets, repeat=SOUND_S), sound()]))
    assert await told(rig, "video", 2) == [("connecting", ""), ("stale", reason)]


async def test_pictures_that_find_no_room_and_those_that_find_it_when_others_went(
    start_rig: Callable[..., Any],
) -> None:
    rig = await start_rig(arena_mib=12, slots=2)
    large = moving(1, (1920, 1080))
    await rig.publish("first", Publisher([pictures(large, repeat=SOUND_S)]))
    await told(rig, "video", 2)
    await rig.publish("one", Publisher([pictures(large, repeat=SOUND_S), sound()]))
    assert await told(rig, "video", 2) == [("connecting", ""), ("stale", "arena_full")]
    rig.controller.channel.send(CloseSession("first"))
    assert await told(rig, "video", 1) == [("live", "")]


async def test_a_4k_camera_is_not_too_large(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(arena_mib=64)
    screen = PacketTrack("video", video_clip("vp8", 3840, 2160, 3, gop=1), repeat=3, fps=2)
    await rig.publish("one", Publisher([screen]))
    reader = await rig.frames()
    while (frame := reader.newest()) is None:
        await rig.woken()
    assert (frame.info.width, frame.info.height) == (3840, 2160)


async def test_pictures_that_become_smaller_are_back_at_once(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(max_width=400, max_height=300)
    clip = [*moving(1), *moving(4, LARGE), *moving(2)]
    await rig.publish("one", Publisher([pictures(clip), sound()]))
    expected = [("connecting", ""), ("live", ""), ("stale", "frame_too_large"), ("live", "")]
    assert await told(rig, "video", 4) == expected


async def test_a_screen_that_changes_once_in_a_second_and_silence_without_packets_are_live(rig: Any) -> None:
    """Opus sends 2.5 packets a second in silence (discontinuous transmission)."""
    screen = PacketTrack("video", video_clip("vp8", *SMALL, 8, gop=1), fps=1)
    silence = PacketTrack("audio", opus_clip(1), repeat=20)
    silence.step = 48_000 * 2 // 5
    await rig.publish("one", Publisher([screen, silence]))
    states: list[TrackState] = []
    while len(states) < 6:
        states.append(await rig.controller.take(TrackState))
    for kind in ("video", "audio"):
        told = [state.state for state in states if state.kind == kind]
        assert told == ["connecting", "live", "stale"], "once, when it was over"
    assert (await rig.counters("video")).frames == 8
    assert (await rig.counters("audio")).frames == 20


async def test_a_session_that_is_silent_is_stale_as_a_whole_and_its_tracks_end_with_it(
    start_rig: Callable[..., Any],
) -> None:
    rig = await start_rig(closed_s=4.0)
    await rig.publish("one", Publisher([pictures(moving(1)), PacketTrack("audio", opus_clip(50))]))
    stale = [await rig.controller.take(TrackState, lambda state: state.state == "stale") for _ in range(2)]
    assert {state.kind for state in stale} == {"video", "audio"}
    await rig.controller.take(SessionState, lambda state: state.state == "closed")
    closed = {(await rig.reader.take(TrackClosed)).kind for _ in range(2)}
    assert closed == {"video", "audio"}


async def test_a_track_that_never_had_a_ring_ends_as_well(start_rig: Callable[..., Any]) -> None:
    rig = await start_rig(closed_s=4.0)
    await rig.publish("one", Publisher([pictures([]), PacketTrack("audio", opus_clip(50))]))
    await rig.reader.take(TrackOpened)
    closed = {(await rig.reader.take(TrackClosed)).kind for _ in range(2)}
    assert closed == {"video", "audio"}


async def test_who_connects_later_hears_where_each_track_stands(rig: Any) -> None:
    await rig.publish("one", Publisher([pictures(moving(1)), sound()]))
    await rig.controller.take(TrackState, lambda state: state.state == "stale")
    for role in ("controller", "reader"):
        client = type(rig.controller)(rig.config.socket_path, role)
        states = {state.kind: state for state in [await client.take(TrackState) for _ in range(2)]}
        assert (states["video"].state, states["video"].reason) == ("stale", "no_media")
        assert states["audio"].state == "live"
        client.channel.close()
    await asyncio.sleep(0)
