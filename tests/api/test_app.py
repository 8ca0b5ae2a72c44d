"""The thin line: publish, find, read."""

import socket
from pathlib import Path

import pytest

from argusd.api.errors import CannotListen

from .fakes import S1
from .fixtures import Rig, RunningApi, make_config


async def test_a_finding_reaches_the_reader_of_events(rig: Rig) -> None:
    await rig.api.publish("s1")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    assert rig.scheduler.policies[S1].streams == ["face", "video", "audio", "lipsync"]
    async with rig.api.events("/sessions/s1/events") as events:
        rig.scheduler.find("s1", type="violation", name="gaze_away", state="start", severity="warning")
        event_id, _, event = await events.next()
    assert event_id == event["id"] == "s1:2"  # the first was "connecting"
    assert event == {
        "id": "s1:2",
        "session_id": "s1",
        "seq": 2,
        "type": "violation",
        "stream": "face",
        "name": "gaze_away",
        "state": "start",
        "severity": "warning",
        "confidence": 0.9,
        "captured_at": 1_700_000_001.0,
        "frame_age_ms": 12.5,
        "data": {"number": 1, "media_s": 0.1},
        "evidence_id": None,
    }
    await rig.scheduler.until(lambda: rig.scheduler.acked == 1)


async def test_an_address_that_is_taken_keeps_the_api_from_starting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{port} "):
            await RunningApi(make_config(tmp_path, port=port)).open()
