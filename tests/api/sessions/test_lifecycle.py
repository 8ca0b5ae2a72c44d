"""What becomes of sessions when media, workers and the api itself come and go."""

import time
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from argusd.ingest.ipc.messages import SessionState, TrackState
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest

from ..fakes import S1, FakeWorker
from ..fixtures import EventReader, Rig


async def names(events: EventReader, count: int) -> list[tuple[str, str, str]]:
    found: list[Any] = [event for _, _, event in await events.take(count)]
    return [(event["session_id"], event["name"], event["data"]["reason"]) for event in found]


async def test_the_states_of_media_become_events(rig: Rig) -> None:
    async with rig.api.events("/events") as events:
        await rig.api.publish("s1")
        for state in ("live", "live", "stale", "live"):
            rig.worker.say(SessionState("s1", state))
        rig.worker.end("s1", "silent")
        assert await names(events, 5) == [
            ("s1", "connecting", ""),
            ("s1", "live", ""),
            ("s1", "stale", ""),
            ("s1", "live", ""),
            ("s1", "closed", "silent"),
        ]
    assert (await rig.api.json("GET", "/sessions/s1"))[1]["state"] == "closed"


@pytest.mark.parametrize("socket", [None, "face"])
async def test_a_stream_that_failed_is_an_event_and_in_the_sessions_view(
    rig: Rig, socket: StreamName | None
) -> None:
    failed = {"code": "analyzer_failed", "stream": "face"}
    unknown = Latest(
        MediaKey("s1", socket), "face", 59.0, 0.0, 0, {}, {"blink": None}, "unknown", "stream_failed"
    )
    async with rig.api.events("/events") as events:
        await rig.api.publish("s1")
        found = rig.scheduler.find(
            "s1", socket, type="session", stream="media", name="stream_failed", data=failed
        )
        [_, (_, _, event)] = await events.take(2)
        assert (event["session_id"], event["type"], event["stream"]) == ("s1", "session", "media")
        assert event["data"] == failed | {"media_s": found.media_s}
    rig.scheduler.say(unknown)
    await rig.api.until("/sessions/s1", lambda body: body["failed_streams"] == ["face"])
    results = await rig.api.until("/sessions/s1/results", lambda body: "face" in body["streams"])
    assert results["streams"]["face"]["reason"] == "stream_failed"
    rig.scheduler.say(msgspec.structs.replace(unknown, state="known", reason=""))
    await rig.api.until("/sessions/s1", lambda body: body["failed_streams"] == [])


async def test_tracks_that_stop_and_go_on_are_events_and_those_that_begin_are_none(rig: Rig) -> None:
    def say(state: Literal["connecting", "live", "stale"], reason: str = "", age_s: float = 0.0) -> None:
        rig.worker.say(TrackState(S1, "video", state, reason, time.monotonic_ns() - int(age_s * 1e9)))

    before_s = time.time()
    async with rig.api.events("/events") as events:
        await rig.api.publish("s1")
        rig.worker.say(SessionState("s1", "live"))
        say("connecting")
        say("live")
        say("stale", "no_media", age_s=2.5)
        say("stale", "no_media", age_s=1.0)  # told again: it brought something, and then again nothing
        say("stale", "frame_too_large", age_s=1.0)
        view = await rig.api.until(
            "/sessions/s1", lambda body: body["tracks"][1]["reason"] == "frame_too_large"
        )
        say("live")
        rig.worker.end("s1", "client")
        say("stale", "no_media")  # nothing comes after closed
        assert await names(events, 6) == [
            ("s1", "connecting", ""),
            ("s1", "live", ""),
            ("s1", "track_stale", "no_media"),
            ("s1", "track_stale", "frame_too_large"),
            ("s1", "track_live", ""),
            ("s1", "closed", "client"),
        ]
    sound, track = view["tracks"]
    assert (sound["kind"], sound["state"], sound["reason"]) == ("audio", "connecting", "")
    assert (track["kind"], track["state"], track["stream"]) == ("video", "stale", None)
    assert before_s - 1.1 < track["since"] < time.time() - 1.0
    assert (await rig.api.json("GET", "/sessions/s1"))[1]["tracks"] == []


async def test_pictures_without_room_are_an_event_with_a_code_and_a_reason_in_ready(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.worker.say(TrackState(S1, "video", "stale", "arena_full", time.monotonic_ns()))
    async with rig.api.events("/sessions/s1/events", "1") as events:
        _, _, event = await events.next()
    assert (event["name"], event["severity"]) == ("track_stale", "warning")
    about = {"worker": "ingest-0", "reason": "arena_full", "kind": "video", "error_code": "shm_exhausted"}
    assert event["data"] == about
    degraded = (await rig.api.json("GET", "/ready"))[1]["degraded"]
    assert "1 tracks bring pictures that find no room in shared memory: raise ingest.arena_mib" in degraded
    rig.worker.end("s1", "client")
    await rig.api.until("/ready", lambda body: body["degraded"] == ["scheduler-bulk does not answer"])


async def test_a_stale_track_is_told_once_though_the_api_restarts(rig: Rig) -> None:
    await rig.api.publish("s1")
    stale = TrackState(S1, "video", "stale", "no_media", time.monotonic_ns())
    rig.worker.say(stale)
    await rig.api.until("/sessions/s1", lambda body: body["tracks"][1]["state"] == "stale")
    await rig.api.restart()
    await rig.api.until_ready()
    async with rig.api.events("/sessions/s1/events", "0") as events:
        rig.worker.say(stale)
        rig.worker.say(msgspec.structs.replace(stale, state="live", reason=""))
        told = [name for _, name, _ in await names(events, 4)]
    assert told == ["connecting", "track_stale", "live", "track_live"]


async def test_closed_is_told_before_the_session_opens_again(rig: Rig) -> None:
    async with rig.api.events("/events") as events:
        resource = await rig.api.publish("s1")
        await rig.api.json("DELETE", resource)
        await rig.api.publish("s1")
        told = await names(events, 3)
    assert [name for _, name, _ in told] == ["connecting", "closed", "connecting"]


async def test_a_workers_death_loses_its_sessions_at_once(rig: Rig, tmp_path: Path) -> None:
    await rig.api.publish("s1")
    await rig.api.publish("s2")
    rig.worker.end("s2", "client")
    async with rig.api.events("/sessions/s1/events") as events:
        rig.worker.die()
        _, _, event = await events.next()
    assert (event["name"], event["state"], event["severity"]) == ("session_lost", "end", "critical")
    await rig.scheduler.until(lambda: rig.scheduler.policies == {})
    rig.worker = FakeWorker(tmp_path / "ingest-0.sock")
    await rig.api.until_ready()
    await rig.api.publish("s1")


async def test_a_session_that_ended_while_the_api_was_away_is_lost(rig: Rig) -> None:
    await rig.api.publish("s1")
    await rig.api.publish("s2")
    await rig.api.close()
    rig.worker.sessions.discard("s1")
    await rig.api.open()
    await rig.api.until("/sessions/s1", lambda body: body["state"] == "lost")
    assert (await rig.api.json("GET", "/sessions/s2"))[1]["state"] in ("connecting", "live")


async def test_a_worker_hears_which_tracks_somebody_looks_at_and_again_when_it_is_back(rig: Rig) -> None:
    await rig.api.json("PUT", "/sessions/s1", json={"streams": ["audio"]})
    await rig.api.publish("s1")
    await rig.worker.until(lambda: rig.worker.wanted.get("s1") == ("audio",))
    await rig.api.json("PUT", "/sessions/s1", json={"streams": ["lipsync"]})
    await rig.worker.until(lambda: rig.worker.wanted.get("s1") == ("audio", "video"))
    await rig.api.json("PUT", "/sessions/s1", json={"streams": ["face"]})
    await rig.worker.until(lambda: rig.worker.wanted.get("s1") == ("video",))
    rig.worker.wanted.clear()
    await rig.api.restart()
    await rig.worker.until(lambda: rig.worker.wanted.get("s1") == ("video",))


async def test_a_worker_hears_how_many_pictures_a_second_its_scheduler_looks_at(rig: Rig) -> None:
    await rig.api.json("PUT", "/sessions/s1", json={"streams": ["face", "video"]})
    await rig.api.publish("s1")
    await rig.worker.until(lambda: rig.worker.pictures_hz.get("s1") == 4.0)  # its only role is the detector
    more = {"streams": ["face"], "policy": {"rates": {"face_detector": 20}}}
    await rig.api.json("PUT", "/sessions/s1", json=more)
    await rig.worker.until(lambda: rig.worker.pictures_hz.get("s1") == 20.0)


async def test_a_worker_that_takes_long_to_answer_a_new_api_keeps_its_sessions(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.worker.hung = True
    await rig.api.restart()
    rig.worker.hung = False
    await rig.api.until_ready()
    assert (await rig.api.json("GET", "/sessions/s1"))[1]["state"] == "live"
    assert rig.worker.closed == []


async def test_sessions_of_a_worker_that_never_comes_back_are_lost(rig: Rig) -> None:
    await rig.api.publish("s1")
    await rig.api.close()
    rig.worker.die()
    await rig.api.open()
    await rig.api.until("/sessions/s1", lambda body: body["state"] == "lost")


async def test_media_that_nobody_can_reach_is_closed(rig: Rig) -> None:
    await rig.api.close()
    rig.worker.sessions.add("orphan")
    await rig.api.open()
    await rig.worker.until(lambda: rig.worker.closed == ["orphan"])


async def test_offers_that_nobody_stood_behind_are_forgotten_soon_and_other_sessions_are_not(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.api.sessions.registry.UNUSED_S", 0.0)
    await rig.api.json("PUT", "/sessions/defined", json={"streams": ["face"]})
    for session_id in ("defined", "seen", "flood"):
        await rig.api.publish(session_id)
    rig.worker.say(SessionState("seen", "live"))
    await rig.api.until("/sessions/seen", lambda body: body["state"] == "live")
    rig.worker.end("seen", "client")
    await rig.api.until("/sessions/seen", lambda body: body["state"] == "closed")
    await rig.api.publish("seen")
    for session_id in ("defined", "seen", "flood"):
        rig.worker.end(session_id, "never_connected")
    await rig.api.until("/sessions", lambda body: all(each["state"] == "closed" for each in body["sessions"]))
    monkeypatch.setattr("argusd.api.sessions.actions.SWEEP_EVERY_S", 0.05)
    await rig.api.restart()
    await rig.api.until("/sessions/flood", lambda body: body.get("error_code") == "session_not_found")
    listed = (await rig.api.json("GET", "/sessions"))[1]["sessions"]
    assert {each["session_id"] for each in listed} == {"defined", "seen"}
