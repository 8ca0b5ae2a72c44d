"""WebSocket streams through a running api, with a scheduler that answers as told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import WSMsgType

from argusd.api.config import Token
from argusd.api.streams import socket as socket_module
from argusd.api.streams.media import MAX_JPEG_BYTES
from argusd.api.streams.socket import converse
from argusd.ingest.shm.ring import FrameReader
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest, RoleStatus
from argusd.scheduler.media.arena_sources import ArenaSource

from ..fakes import scheduler_stats
from ..fixtures import Rig, running_rig
from .clients import Reader, jpeg, tone, with_size

S1_FACE = MediaKey("s1", "face")
Socket = aiohttp.ClientWebSocketResponse


def seen(media: MediaKey, number: int = 0, **data: Any) -> Latest:
    assert media.stream is not None
    return Latest(media, media.stream, 1_700_000_000.0 + number, 12.5, 2, {"vad": "silero"}, data)


@contextlib.asynccontextmanager
async def opened(rig: Rig, path: str) -> AsyncIterator[Socket]:
    """A stream that the scheduler was asked to watch; ``path``: as ``/ml/stream/s1/face``."""
    session_id, stream = path.partition("?")[0].removeprefix("/ml/stream/").split("/")
    media = MediaKey(session_id, stream)
    async with rig.api.http.ws_connect(path) as socket:
        await rig.scheduler.until(lambda: media in rig.scheduler.policies)
        yield socket


async def closing(socket: Socket) -> tuple[dict[str, Any], int]:
    """What is said last, and the close code."""
    said = await socket.receive()
    assert said.type is WSMsgType.TEXT, said
    closed = await socket.receive()
    assert closed.type is WSMsgType.CLOSE
    return json.loads(said.data), closed.data


async def state(rig: Rig, session_id: str) -> str:
    return str((await rig.api.json("GET", f"/sessions/{session_id}"))[1]["state"])


@pytest.mark.parametrize("path", ["/ml/stream/s1/face", "/face/stream/s1"])
async def test_every_look_is_answered_in_the_words_of_the_contract(rig: Rig, path: str) -> None:
    async with rig.api.http.ws_connect(path) as socket:
        await rig.scheduler.until(lambda: S1_FACE in rig.scheduler.policies)
        policy = rig.scheduler.policies[S1_FACE]
        assert (policy.streams, policy.every_look) == (["face"], True)
        await socket.send_bytes(jpeg())
        for number in range(5):
            rig.scheduler.say(seen(S1_FACE, number, gaze=None, blink=False, head_pose=None, violations=[]))
        answers = [await socket.receive_json() for _ in range(5)]
    assert [answer["captured_at"] for answer in answers] == [1_700_000_000.0 + number for number in range(5)]
    assert answers[0] == {
        "gaze": None,
        "blink": False,
        "head_pose": None,
        "violations": [],
        "session_id": "s1",
        "stream": "face",
        "captured_at": 1_700_000_000.0,
        "frame_age_ms": 12.5,
        "skipped": 2,
        "models": {"vad": "silero"},
    }


async def test_media_lie_in_the_apis_arena_until_the_socket_closes(rig: Rig) -> None:
    reader = Reader()
    arena = ArenaSource(rig.api.config.runtime_dir / "api.sock", "scheduler-0", reader, lambda: None)
    source = asyncio.create_task(arena.run())
    async with opened(rig, "/ml/stream/s1/video") as socket:
        await socket.send_bytes(jpeg())
        while not reader.rings:  # noqa: ASYNC110 the source tells of rings, not of when
            await asyncio.sleep(0.005)
        ring = reader.rings[MediaKey("s1", "video"), "video"]
        frames = FrameReader(ring.view, ring.place, ring.generation)
        frame = frames.newest()
        assert frame is not None
        assert frame.planes[0].tobytes() == jpeg()
    await rig.scheduler.until(lambda: not rig.scheduler.policies)
    while reader.rings:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    assert not frame.valid()
    assert not frame.planes[0].any(), "what was written is zeroed"
    source.cancel()


async def test_streams_of_a_session_come_and_go_and_the_session_with_them(rig: Rig) -> None:
    async with rig.api.events("/events") as events:
        async with opened(rig, "/ml/stream/s1/face") as face:
            assert await state(rig, "s1") == "connecting"
            async with opened(rig, "/ml/stream/s1/audio?sample_rate=48000") as audio:
                await audio.send_bytes(tone(48_000, 0.1).tobytes())
                assert (await events.next())[2]["name"] == "connecting"
                live = (await events.next())[2]
                assert (live["name"], live["data"]["worker"]) == ("live", "api")
                _, session = await rig.api.json("GET", "/sessions/s1")
                assert (session["streams"], session["worker_id"]) == (["face", "audio"], "api")
                assert set(rig.scheduler.policies) == {S1_FACE, MediaKey("s1", "audio")}
            await rig.scheduler.until(lambda: set(rig.scheduler.policies) == {S1_FACE})
            assert await state(rig, "s1") == "live"
            assert not face.closed
        ended = (await events.next())[2]
        assert (ended["name"], ended["state"], ended["data"]["reason"]) == ("closed", "end", "client")
    async with opened(rig, "/ml/stream/s1/face"):
        assert await state(rig, "s1") == "connecting"


async def test_who_has_left_may_come_again_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the daemon takes to give the stream back, the client hears of its end after that."""

    async def slow_converse(*args: Any) -> None:
        await converse(*args)
        await asyncio.sleep(0.2)  # as on a busy machine

    monkeypatch.setattr(socket_module, "converse", slow_converse)
    for _ in range(3):
        async with rig.api.http.ws_connect("/ml/stream/s1/face") as socket:
            await socket.send_bytes(jpeg())
            await rig.api.until("/sessions/s1", lambda body: body.get("state") == "live")
            rig.scheduler.say(seen(S1_FACE, face_count=1))
            assert (await socket.receive_json())["face_count"] == 1


async def test_findings_and_results_belong_to_the_session(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/face"), rig.api.events("/sessions/s1/events") as events:
        rig.scheduler.find("s1", socket="face", type="violation", name="gaze_away", state="start")
        rig.scheduler.say(seen(S1_FACE, face_count=1))
        event = (await events.next())[2]
        if event["type"] == "session":  # that it is connecting, where the store was slower than the reader
            event = (await events.next())[2]
        assert (event["session_id"], event["name"]) == ("s1", "gaze_away")
        results: dict[str, Any] = {"streams": {}}
        while not results["streams"]:
            _, results = await rig.api.json("GET", "/sessions/s1/results")
    assert results["streams"]["face"]["data"] == {"face_count": 1}
    assert results["violations"]["gaze_away"]["count"] == 1


async def test_a_policy_reaches_streams_that_are_open(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/face"):
        body = {"policy": {"face_absent": {"start_after_s": 9.0}}}
        await rig.api.json("PUT", "/sessions/s1", json=body)
        await rig.scheduler.until(
            lambda: rig.scheduler.policies[S1_FACE].policy.face_absent.start_after_s == 9
        )


async def test_lip_sync_speaks_json_both_ways(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/lipsync") as socket:
        await socket.send_json({"type": "audio_chunk", "data_b64": "AAAAAA==", "ts": 0.5})
        rig.scheduler.say(seen(MediaKey("s1", "lipsync"), score=0.9, violations=[]))
        answer = await socket.receive_json()
        assert (answer["type"], answer["score"], answer["ts"]) == ("sync_score", 0.9, 1_700_000_000.0)
        await socket.send_json({"type": "video_frame", "data_b64": "AAAA", "ts": 0.5})
        said, code = await closing(socket)
    assert (said["error_code"], code) == ("bad_image", 4422)


@pytest.mark.parametrize(
    ("stream", "message", "error_code", "code"),
    [
        ("face", b"no picture", "bad_image", 4422),
        ("video", jpeg()[:-40], "bad_image", 4422),
        ("face", with_size(jpeg(), 0, 0), "bad_image", 4422),
        ("video", with_size(jpeg(), 20_000, 20_000), "image_too_large", 4413),
        ("face", bytes(MAX_JPEG_BYTES + 1), "image_too_large", 4413),
        ("face", "text", "unsupported_media_type", 4415),
        ("audio", bytes(321), "bad_audio", 4422),
        ("audio", bytes(32_002), "audio_too_long", 4413),
        ("audio", "text", "unsupported_media_type", 4415),
        ("audio", b"<html>", "bad_audio", 4422),
        ("audio", jpeg(), "bad_audio", 4422),
        ("audio", b"fLaC" + bytes(300), "bad_audio", 4422),
        ("lipsync", b"\x00", "unsupported_media_type", 4415),
        ("lipsync", "{", "malformed_body", 4400),
        ("lipsync", '{"type": "video_frame"}', "invalid_field", 4422),
        ("lipsync", '{"type": "audio_chunk", "data_b64": "%", "ts": 1}', "invalid_field", 4422),
        ("lipsync", '{"type": "audio_chunk", "data_b64": "GkXfo59ChoEB", "ts": 1}', "bad_audio", 4422),
    ],
)
async def test_bad_input_ends_its_stream_and_no_other(
    rig: Rig, stream: str, message: bytes | str, error_code: str, code: int
) -> None:
    async with opened(rig, "/ml/stream/good/face") as good, opened(rig, f"/ml/stream/bad/{stream}") as bad:
        await (bad.send_bytes(message) if isinstance(message, bytes) else bad.send_str(message))
        said, closed = await closing(bad)
        assert (said["success"], said["error_code"], closed) == (False, error_code, code)
        assert said["error"].endswith(".")
        await rig.scheduler.until(lambda: set(rig.scheduler.policies) == {MediaKey("good", "face")})
        await good.send_bytes(jpeg())
        rig.scheduler.say(seen(MediaKey("good", "face"), face_count=1))
        assert (await good.receive_json())["face_count"] == 1


async def test_a_message_beyond_all_bounds_is_not_read_to_its_end(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/face") as socket:
        with contextlib.suppress(ConnectionError):  # the api hangs up while we still send
            await socket.send_bytes(bytes(8 * MAX_JPEG_BYTES))
        await rig.scheduler.until(lambda: not rig.scheduler.policies)
    assert await state(rig, "s1") == "closed"


async def refused(rig: Rig, path: str) -> tuple[str, int]:
    async with rig.api.http.ws_connect(path) as socket:
        said, code = await closing(socket)
    return said["error_code"], code


async def test_a_client_that_comes_back_has_its_stream_at_once(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/face") as first, opened(rig, "/ml/stream/s1/audio") as audio:
        async with opened(rig, "/ml/stream/s1/face") as second:
            said, code = await closing(first)
            assert (said["error_code"], code) == ("stream_ended", 4410)
            await rig.api.until("/sessions/s1", lambda body: body["streams"] == ["audio", "face"])
            rig.scheduler.say(seen(S1_FACE, face_count=1))
            assert (await second.receive_json())["face_count"] == 1
        assert not audio.closed


async def test_a_session_whose_only_stream_comes_back_tells_of_the_older_ones_end(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/face"), opened(rig, "/ml/stream/s1/face") as second:
        await second.send_bytes(jpeg())
        async with rig.api.events("/sessions/s1/events", "0") as events:
            told = [(event["name"], event["data"]["reason"]) for _, _, event in await events.take(4)]
    assert told == [("connecting", ""), ("closed", "replaced"), ("connecting", ""), ("live", "")]


async def test_a_stream_has_one_socket_of_several_that_come_at_once(rig: Rig) -> None:
    async with contextlib.AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(rig, "/ml/stream/s1/face")) for _ in range(3)]
        for socket in sockets[:2]:
            assert (await closing(socket))[1] == 4410
        async with rig.api.events("/sessions/s1/events", "0") as events:
            told = [event["name"] for _, _, event in await events.take(5)]
        assert told == ["connecting", "closed", "connecting", "closed", "connecting"]
        rig.scheduler.say(seen(S1_FACE, face_count=1))
        assert (await sockets[2].receive_json())["face_count"] == 1


async def test_somebody_elses_stream_is_left_alone(tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=(Token("candidate"), Token("examiner"))) as rig:
        path = "/ml/stream/s1/face"
        async with rig.api.http.ws_connect(path, headers={"Authorization": "Bearer candidate"}) as first:
            await rig.scheduler.until(lambda: S1_FACE in rig.scheduler.policies)
            async with rig.api.http.ws_connect(path, headers={"Authorization": "Bearer examiner"}) as second:
                said, code = await closing(second)
                assert (said["error_code"], code) == ("stream_active", 4409)
            rig.scheduler.say(seen(S1_FACE, face_count=1))
            assert (await first.receive_json())["face_count"] == 1


async def test_a_session_has_a_publisher_or_sockets(rig: Rig) -> None:
    await rig.api.publish("published")
    assert await refused(rig, "/ml/stream/published/face") == ("session_active", 4409)


async def test_a_publisher_takes_over_from_sockets(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/face") as face, opened(rig, "/ml/stream/s1/audio") as audio:
        await rig.api.publish("s1")
        for socket in (face, audio):
            said, code = await closing(socket)
            assert (said["error_code"], code) == ("stream_ended", 4410)
    async with rig.api.events("/sessions/s1/events", "0") as events:
        told = [event["data"]["reason"] for _, _, event in await events.take(3)]
    assert told == ["", "replaced", ""]
    await rig.scheduler.until(lambda: set(rig.scheduler.policies) == {MediaKey("s1")})


@pytest.mark.parametrize(
    "path",
    [
        "/ml/stream/a b/face",
        f"/face/stream/{'x' * 129}",
        "/ml/stream/s1/audio?sample_rate=7999",
        "/ml/stream/s1/audio?sample_rate=48001",
        "/ml/stream/s1/audio?sample_rate=fast",
        "/ml/stream/s1/audio?sample_rate=-16000",
        "/ml/stream/s1/audio?sample_rate=0160009999",
    ],
)
async def test_wrong_parameters_are_named(rig: Rig, path: str) -> None:
    assert await refused(rig, path) == ("invalid_field", 4422)


async def test_unknown_streams_and_plain_requests_are_plain_http_errors(rig: Rig) -> None:
    status, answer = await rig.api.json("GET", "/ml/stream/s1/smell")
    assert (status, answer["error_code"]) == (404, "not_found")
    status, answer = await rig.api.json("GET", "/ml/stream/s1/face")
    assert (status, answer["error_code"]) == (400, "malformed_request")
    assert answer["error"] == "This path is a WebSocket: open it with ws:// or wss://."
    assert (await rig.api.json("GET", "/sessions"))[1]["sessions"] == [], "it began nothing"


async def test_strangers_get_no_socket(tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=(Token("secret", "mine"),)) as rig:
        for headers, path, status in (
            ({}, "/ml/stream/mine1/face", 401),
            ({"Authorization": "Bearer secret"}, "/ml/stream/yours/face", 403),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                await rig.api.http.ws_connect(path, headers=headers)
            assert caught.value.status == status
        headers = {"Authorization": "Bearer secret"}
        async with rig.api.http.ws_connect("/ml/stream/mine1/face", headers=headers) as socket:
            await rig.scheduler.until(lambda: MediaKey("mine1", "face") in rig.scheduler.policies)
            assert not socket.closed


async def test_a_socket_that_falls_silent_is_told_to_all_who_need_it(rig: Rig) -> None:
    reader = Reader()
    arena = ArenaSource(rig.api.config.runtime_dir / "api.sock", "scheduler-0", reader, lambda: None)
    source = asyncio.create_task(arena.run())
    async with (
        opened(rig, "/ml/stream/s1/face") as socket,
        rig.api.events("/sessions/s1/events", "0") as events,
    ):
        await socket.send_bytes(jpeg())
        told = [(await events.next())[2] for _ in range(3)]
        assert [event["name"] for event in told] == ["connecting", "live", "track_stale"]
        assert (told[2]["data"]["kind"], told[2]["data"]["reason"]) == ("video", "no_media")
        [track] = (await rig.api.json("GET", "/sessions/s1"))[1]["tracks"]
        assert (track["kind"], track["state"], track["stream"]) == ("video", "stale", "face")
        for _ in range(4):
            await socket.send_bytes(jpeg())
            await asyncio.sleep(0.4)  # a camera's pace, not a wait
        assert (await events.next())[2]["name"] == "track_live"
    source.cancel()
    assert [(state.media, state.state) for state in reader.states] == [
        (S1_FACE, "live"),
        (S1_FACE, "stale"),
        (S1_FACE, "live"),
    ]


async def test_what_is_unknown_is_answered_and_stored_as_such(rig: Rig) -> None:
    nothing = seen(S1_FACE, face_count=None, violations=[])
    nothing = msgspec.structs.replace(nothing, state="unknown", reason="no_media")
    async with opened(rig, "/ml/stream/s1/face") as socket:
        rig.scheduler.say(seen(S1_FACE, face_count=1))
        rig.scheduler.say(nothing)
        known, unknown = [await socket.receive_json() for _ in range(2)]
        found = await rig.api.until(
            "/sessions/s1/results", lambda body: "state" in body["streams"].get("face", {})
        )
    assert (known["face_count"], "state" in known) == (1, False)
    assert (unknown["face_count"], unknown["state"], unknown["reason"]) == (None, "unknown", "no_media")
    face = found["streams"]["face"]
    assert (face["data"]["face_count"], face["state"], face["reason"]) == (None, "unknown", "no_media")


async def test_what_a_closed_socket_showed_is_not_known_while_others_go_on(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/audio"):
        async with opened(rig, "/ml/stream/s1/face"):
            for media in (S1_FACE, MediaKey("s1", "audio")):
                rig.scheduler.say(seen(media))
            await rig.api.until("/sessions/s1/results", lambda body: len(body["streams"]) == 2)
        await rig.api.until("/sessions/s1/results", lambda body: set(body["streams"]) == {"audio"})


async def test_a_lost_picture_is_a_violation_of_the_stream_it_came_for(rig: Rig) -> None:
    async with (
        opened(rig, "/ml/stream/s1/face"),
        opened(rig, "/ml/stream/s1/video"),
        rig.api.events("/sessions/s1/events", "s1:0") as events,
    ):
        lost = {"type": "violation", "stream": "media", "name": "video_lost", "state": "start"}
        rig.scheduler.find("s1", socket="face", **lost)
        rig.scheduler.find("s1", socket="video", **lost)
        _, *told = [event for _, _, event in await events.take(3)]  # the first is "connecting"
    assert [(event["stream"], event["name"], event["state"]) for event in told] == [
        ("face", "video_lost", "start"),
        ("video", "video_lost", "start"),
    ]


async def test_streams_past_the_limits_are_turned_away(tmp_path: Path) -> None:
    async with running_rig(tmp_path, max_streams=1, max_sessions=1) as rig:
        async with opened(rig, "/ml/stream/s1/face"):
            assert await refused(rig, "/ml/stream/s1/audio") == ("overloaded", 4503)
        assert await refused(rig, "/ml/stream/s2/face") == ("overloaded", 4503)
        async with opened(rig, "/ml/stream/s1/audio"):
            pass


async def test_a_full_arena_ends_the_stream_that_needs_more(tmp_path: Path) -> None:
    async with running_rig(tmp_path, arena_mib=2) as rig, opened(rig, "/ml/stream/small/face") as small:
        await small.send_bytes(jpeg())
        async with opened(rig, "/ml/stream/large/face") as large:
            await large.send_bytes(jpeg(1280, 720, quality=100))
            said, code = await closing(large)
        assert (said["error_code"], code) == ("shm_exhausted", 4503)
        await small.send_bytes(jpeg())
        rig.scheduler.say(seen(MediaKey("small", "face"), face_count=1))
        assert (await small.receive_json())["face_count"] == 1


async def test_a_stream_is_opened_only_with_room_for_its_tracks(tmp_path: Path) -> None:
    async with running_rig(tmp_path, arena_mib=2) as rig, contextlib.AsyncExitStack() as streams:
        for number in range(3):
            await streams.enter_async_context(opened(rig, f"/ml/stream/s{number}/face"))
        assert await refused(rig, "/ml/stream/s3/face") == ("shm_exhausted", 4503)
        body = (await rig.api.json("GET", "/ready"))[1]
        assert (
            "the api has no room in shared memory for another stream: raise api.arena_mib" in body["degraded"]
        )
        await streams.aclose()
        async with opened(rig, "/ml/stream/s3/lipsync"):
            pass


async def test_streams_that_nothing_came_over_give_way_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_rig(tmp_path, arena_mib=2) as rig, contextlib.AsyncExitStack() as streams:
        busy, *idle = [
            await streams.enter_async_context(opened(rig, f"/ml/stream/s{number}/face"))
            for number in range(3)
        ]
        await busy.send_bytes(jpeg())
        await rig.api.until("/sessions/s0", lambda body: body["state"] == "live")
        assert await refused(rig, "/ml/stream/s3/face") == ("shm_exhausted", 4503), "they may yet begin"
        monkeypatch.setattr("argusd.api.streams.live.IDLE_S", 0.0)
        for socket, path in zip(idle, ("/ml/stream/s3/face", "/ml/stream/s4/face"), strict=True):
            newcomer = await streams.enter_async_context(opened(rig, path))
            assert (await closing(socket))[0]["error_code"] == "stream_ended"
            await newcomer.send_bytes(jpeg())
            await rig.api.until(f"/sessions/{path.split('/')[3]}", lambda body: body["state"] == "live")
        assert await refused(rig, "/ml/stream/s5/face") == ("shm_exhausted", 4503)
        assert await state(rig, "s0") == "live"


async def test_a_stream_that_nobody_would_look_at_is_refused(rig: Rig) -> None:
    missing = RoleStatus("vad", "", False, "nothing pulled", 0.0)
    rig.scheduler.say(scheduler_stats("boot-1", roles=[missing], active_sessions={"face": 0, "audio": 0}))
    await rig.api.until("/ready", lambda body: not body["ready"])
    assert await refused(rig, "/ml/stream/s1/audio") == ("model_unavailable", 4503)
    assert await refused(rig, "/ml/stream/s1/lipsync") == ("model_unavailable", 4503), "it hears as well"
    async with opened(rig, "/ml/stream/s1/face"):
        pass


async def test_deleting_the_session_closes_its_sockets(rig: Rig) -> None:
    async with opened(rig, "/ml/stream/s1/face") as face, opened(rig, "/ml/stream/s1/audio") as audio:
        status, _ = await rig.api.json("DELETE", "/sessions/s1")
        assert status == 204
        for socket in (face, audio):
            said, code = await closing(socket)
            assert (said["error_code"], code) == ("stream_ended", 4410)
    assert (await rig.api.json("GET", "/sessions/s1"))[0] == 404


async def test_the_end_of_the_api_is_told(tmp_path: Path) -> None:
    async with running_rig(tmp_path) as rig, opened(rig, "/ml/stream/s1/face") as socket:
        rig.api.stop.set()
        said, code = await closing(socket)
        assert (said["error_code"], code) == ("draining", 4503)


async def test_a_client_that_reads_nothing_is_cut_off_and_harms_nobody(tmp_path: Path) -> None:
    async with running_rig(tmp_path, slow_consumer_s=0.1, heartbeat_s=60) as rig:
        async with opened(rig, "/ml/stream/deaf/face") as deaf:
            assert deaf._reader is not None
            deaf._conn.protocol.pause_reading()  # type: ignore[union-attr]
            while MediaKey("deaf", "face") in rig.scheduler.policies:
                rig.scheduler.say(seen(MediaKey("deaf", "face"), filling="x" * 100_000))
                await asyncio.sleep(0)
        assert await state(rig, "deaf") == "closed"
