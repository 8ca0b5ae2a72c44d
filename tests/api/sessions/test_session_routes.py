import asyncio
import base64
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from argusd.ingest.ipc.messages import (
    IngestStats,
    Reception,
    SessionState,
    TrackCounters,
    TrackState,
)
from argusd.scheduler.contract import redis_keys
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest
from argusd.scheduler.contract.policy import GazeAway, Policy

from ..fakes import S1
from ..fixtures import OFFER, SDP, Rig

RECEPTION = Reception("vp8", 1280, 720, 29.9, 1_500_000, 0.01, 3.5, has_clock=True, round_trip_ms=21.0)
SPEC = {"streams": ["audio"], "policy": {"gaze_away": {"horizontal": 0.4}}}


async def test_a_session_is_created_shown_changed_and_listed(rig: Rig) -> None:
    status, created = await rig.api.json("PUT", "/sessions/s1", json=SPEC)
    assert status == 201
    assert (created["state"], created["streams"]) == ("created", ["audio"])
    assert created["policy"]["gaze_away"]["horizontal"] == 0.4
    assert await rig.api.json("GET", "/sessions/s1") == (200, created)
    status, changed = await rig.api.json("PUT", "/sessions/s1", json={"streams": ["face", "video"]})
    assert (status, changed["streams"]) == (200, ["face", "video"])
    assert changed["policy"]["gaze_away"]["horizontal"] == GazeAway().horizontal
    assert changed["created_at"] == created["created_at"]
    assert await rig.api.json("GET", "/sessions") == (200, {"sessions": [changed], "fits_more": 4})


async def test_the_scheduler_hears_of_a_policy_while_there_is_media(rig: Rig) -> None:
    await rig.api.json("PUT", "/sessions/s1", json=SPEC)
    assert rig.scheduler.policies == {}
    resource = await rig.api.publish("s1")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    assert rig.scheduler.policies[S1].streams == ["audio"]
    assert rig.scheduler.policies[S1].policy == Policy(gaze_away=GazeAway(horizontal=0.4))
    await rig.api.json("PUT", "/sessions/s1", json={"streams": ["face"]})
    await rig.scheduler.until(lambda: rig.scheduler.policies[S1].streams == ["face"])
    await rig.api.json("DELETE", resource)
    await rig.scheduler.until(lambda: S1 not in rig.scheduler.policies)


async def test_a_scheduler_that_comes_back_hears_all_policies(rig: Rig) -> None:
    await rig.api.publish("s1")
    await rig.api.publish("s2")
    await rig.scheduler.until(lambda: len(rig.scheduler.policies) == 2)
    rig.scheduler.policies.clear()
    rig.scheduler.disconnect()
    await rig.scheduler.until(lambda: set(rig.scheduler.policies) == {S1, MediaKey("s2")})


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ('{"streams": []}', {}, 422, "invalid_field"),
        ('{"streams": ["face", "face"]}', {}, 422, "invalid_field"),
        ('{"policy": {"weight": 0}}', {}, 422, "invalid_field"),
        ("{", {}, 400, "malformed_body"),
        ("{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (" " * 70_000, {}, 413, "body_too_large"),
    ],
)
async def test_a_bad_spec_is_refused_and_changes_nothing(
    rig: Rig, body: str, headers: dict[str, str], status: int, code: str
) -> None:
    headers = {"Content-Type": "application/json"} | headers
    answer_status, answer = await rig.api.json("PUT", "/sessions/s1", data=body, headers=headers)
    assert (answer_status, answer["error_code"]) == (status, code)
    assert (await rig.api.json("GET", "/sessions"))[1]["sessions"] == []


@pytest.mark.parametrize("path", ["/sessions/no", "/sessions/no/results", "/sessions/no/events"])
async def test_an_unknown_session_is_not_found(rig: Rig, path: str) -> None:
    status, body = await rig.api.json("GET", path)
    assert (status, body["error_code"], body["session_id"]) == (404, "session_not_found", "no")


async def test_results_hold_the_newest_of_each_stream_and_count_violations(rig: Rig) -> None:
    await rig.api.publish("s1")
    away: dict[str, Any] = {"type": "violation", "name": "gaze_away"}
    rig.scheduler.find("s1", **away, state="start", media_s=1.0, captured_at=50.0)
    rig.scheduler.find("s1", **away, state="end", media_s=3.5)
    rig.scheduler.find("s1", **away, state="start", media_s=9.0, captured_at=58.0)
    for frame in (1, 2):
        rig.scheduler.say(Latest(S1, "face", 59.0, 20.0, 3, {"face_detector": "m"}, {"frame": frame}))
    rig.scheduler.say(Latest(MediaKey("unknown"), "face", 59.0, 20.0, 3, {}, {}))
    found = await rig.api.until("/sessions/s1/results", lambda body: bool(body["streams"]))
    assert found == {
        "session_id": "s1",
        "state": "connecting",
        "streams": {
            "face": {
                "captured_at": 59.0,
                "frame_age_ms": 20.0,
                "skipped": 3,
                "models": {"face_detector": "m"},
                "data": {"frame": 2},
            }
        },
        "violations": {"gaze_away": {"count": 2, "total_s": 2.5, "open_since_s": 9.0, "last_at": 58.0}},
    }


def one_face(stream: str = "face") -> Latest:
    return Latest(S1, stream, 59.0, 20.0, 3, {}, {"face_count": 1})


async def streams_known(rig: Rig, *streams: str) -> None:
    """Return once there are results of these streams and no others."""
    await rig.api.until("/sessions/s1/results", lambda body: set(body["streams"]) == set(streams))


async def test_what_an_earlier_publisher_showed_is_not_known_of_the_next(rig: Rig) -> None:
    resource = await rig.api.publish("s1")
    rig.scheduler.say(one_face())
    await streams_known(rig, "face")
    await rig.api.json("DELETE", resource)
    await streams_known(rig, "face")
    await rig.api.publish("s1")
    await streams_known(rig)


async def test_what_is_not_watched_any_more_is_not_known(rig: Rig) -> None:
    await rig.api.publish("s1")
    for stream in ("face", "audio"):
        rig.scheduler.say(one_face(stream))
    await streams_known(rig, "face", "audio")
    await rig.api.json("PUT", "/sessions/s1", json={"streams": ["audio"]})
    rig.scheduler.say(one_face())  # it was on its way
    await streams_known(rig, "audio")


async def test_delete_ends_the_media_and_erases_what_was_stored(rig: Rig) -> None:
    await rig.api.publish("s1")
    await rig.api.publish("s2")
    rig.scheduler.find("s1", type="violation", name="gaze_away", state="start")
    await rig.scheduler.until(lambda: rig.scheduler.acked == 1)
    async with rig.api.events("/sessions/s1/events") as events:
        assert (await rig.api.json("DELETE", "/sessions/s1"))[0] == 204
        await events.drain()
    assert rig.worker.closed == ["s1"]
    assert (await rig.api.json("GET", "/sessions/s1"))[0] == 404
    rig.scheduler.find("s1")  # still on its way when the session went
    await rig.scheduler.until(lambda: rig.scheduler.acked == 2)
    await rig.api.json("PUT", "/sessions/s1")
    assert (await rig.api.json("GET", "/sessions/s1/results"))[1]["violations"] == {}
    async with rig.api.events("/sessions/s1/events", last_event_id="0") as events:
        await rig.api.publish("s1")
        assert (await events.next())[0] == "s1:1"


async def test_a_restarted_api_knows_its_sessions(rig: Rig) -> None:
    await rig.api.json("PUT", "/sessions/only-put", json=SPEC)
    resource = await rig.api.publish("s1")
    rig.worker.say(SessionState("s1", "live"))
    await rig.api.until("/sessions/s1", lambda body: body["state"] == "live")
    before = (await rig.api.json("GET", "/sessions"))[1]["sessions"]
    rig.scheduler.policies.clear()
    await rig.api.restart()
    assert (await rig.api.json("GET", "/sessions"))[1]["sessions"] == before
    await rig.scheduler.until(lambda: set(rig.scheduler.policies) == {S1})
    assert (await rig.api.json("DELETE", resource))[0] == 200


async def test_new_work_is_turned_away_while_requests_in_flight_finish(rig: Rig) -> None:
    rig.worker.mute = True
    request = asyncio.ensure_future(rig.api.json("POST", "/whip/s1", data=OFFER, headers=SDP))
    async with rig.api.events("/events") as events:
        await rig.worker.until(lambda: bool(rig.worker.opened))
        rig.api.stop.set()
        text = {"session_id": "s4", "text": "hello"}
        for path, body in (
            ("/whip/s2", {"data": OFFER, "headers": SDP}),
            ("/analysis/moderate", {"json": text}),
            ("/face/embed", {"json": {"session_id": "s4", "image_b64": "AAAA"}}),
        ):
            status, answer = await rig.api.json("POST", path, **body)
            assert (status, answer["error_code"]) == (503, "draining")
        status, readiness = await rig.api.json("GET", "/ready")
        assert (status, readiness["reasons"]) == (503, ["the daemon is about to stop"])
        rig.worker.mute = False
        rig.worker.answer(rig.worker.opened[0])
        assert await request == (201, b"v=0\r\nanswer\r\n")
        _, _, event = await events.next()
        assert event["name"] == "connecting", "readers are told what happens until the end"
        await events.drain()


async def test_a_track_tells_how_it_arrives(rig: Rig) -> None:
    """As its worker measures it; of a track that brings nothing, where it stands is all that is told."""
    await rig.api.publish("s1")
    rig.worker.hung = True  # nothing but what it is told to say
    kinds: tuple[TrackKind, ...] = ("video", "audio")
    for kind in kinds:
        rig.worker.say(TrackState(S1, kind, "live"))
    rig.worker.say(IngestStats(1, 8, 0, 0, 4, 0, 0.0, [TrackCounters("s1", "video", 30, {}, RECEPTION)]))
    shown = await rig.api.until(
        "/sessions/s1", lambda body: any(track["codec"] is not None for track in body["tracks"])
    )
    tracks = {track["kind"]: track for track in shown["tracks"]}
    told = msgspec.to_builtins(RECEPTION)
    assert {name: tracks["video"][name] for name in told} == told
    assert tracks["video"]["state"] == tracks["audio"]["state"] == "live"
    assert {tracks["audio"][name] for name in told} == {None}
    _, listed = await rig.api.json("GET", "/sessions")
    assert listed["sessions"][0]["tracks"] == shown["tracks"]


REFERENCE = base64.b64encode(bytes(range(64))).decode()
PERSONS = {
    "identity": {"reference_embedding_b64": REFERENCE, "threshold": 0.4},
    "second_speaker": {"reference_embedding_b64": REFERENCE},
}


@pytest.mark.parametrize("spec", [{}, {"policy": PERSONS}, {"streams": ["face", "audio"], "policy": PERSONS}])
@pytest.mark.parametrize("published", [False, True])
async def test_a_sessions_own_view_changes_nothing(rig: Rig, spec: dict[str, Any], published: bool) -> None:
    await rig.api.json("PUT", "/sessions/s1", json=spec)
    if published:
        await rig.api.publish("s1")
        await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    before, stored = (await rig.api.json("GET", "/sessions/s1"))[1], await stored_spec(rig)
    parts = {name: before[name] for name in ("streams", "policy")}
    for body in (before, parts, {"policy": before["policy"]} | spec):
        status, after = await rig.api.json("PUT", "/sessions/s1", json=body)
        assert status == 200, after
        assert {name: after[name] for name in parts} == parts
        assert await stored_spec(rig) == stored


async def test_a_reference_that_nobody_gave_cannot_be_kept(rig: Rig) -> None:
    body = {"policy": {"identity": {"reference_embedding_b64": ""}}}
    status, answer = await rig.api.json("PUT", "/sessions/s1", json=body)
    assert (status, answer["error_code"]) == (409, "no_reference")
    assert (await rig.api.json("GET", "/sessions/s1"))[0] == 404


async def stored_spec(rig: Rig) -> Any:
    """What lies in Redis of the request; it has the references."""
    async with Redis(unix_socket_path=str(rig.api.config.state_dir / "redis" / "redis.sock")) as redis:
        stored = await redis.hget(redis_keys.record("s1"), "spec")
        assert stored is not None
        return msgspec.json.decode(stored)["spec"]
