"""The thin line: publish, find, read."""

from .fakes import S1
from .fixtures import Rig


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
