"""What a result or a finding tells depends on its name, and the document says how."""

from typing import Any

import pytest

from ...described import described as fits

GATHERED = {"log_odds": 3.3, "needed": 3.3, "looks_for": 6, "looks_against": 0}
ABSENT = {"face_count": 0, "threshold": 1, "media_s": 2.0, "start_s": 0.5, "evidence": GATHERED}
HEARD = {"has_speech": True, "speech": 0.9, "rms": 0.1, "rms_dbfs": -20.0, "speaker_change": None}


def event(name: str, data: dict[str, Any], kind: str = "violation") -> dict[str, Any]:
    told: dict[str, Any] = {"session_id": "s1", "stream": "face", "state": "start", "captured_at": 1.0}
    return {**told, "type": kind, "name": name, "data": data}


def test_a_findings_data_are_those_of_its_name() -> None:
    assert fits("Event", event("face_absent", ABSENT))
    assert not fits("Event", event("gaze_away", ABSENT))
    assert not fits("Event", event("face_absent", ABSENT | {"face_count": "none"}))
    assert not fits("Event", event("face_absent", {"face_count": 0}))


def test_an_observation_of_a_streams_own_name_tells_its_result() -> None:
    told: dict[str, Any] = {**HEARD, "violations": [], "media_s": 1.0}
    assert fits("Event", event("audio", told, "observation"))
    assert not fits("Event", event("audio", told | {"speech": "much"}, "observation"))


@pytest.mark.parametrize("kind", ["violation", "observation", "session"])
def test_a_name_that_the_document_does_not_know_may_tell_anything(kind: str) -> None:
    assert fits("Event", event("crowd", {"people": 3}, kind))


def test_evidence_shows_what_its_violations_stream_tells() -> None:
    violation: dict[str, Any] = {
        "stream": "audio",
        "name": "speech_detected",
        "severity": "warning",
        "data": {},
    }
    violation |= {"confidence": 0.9, "captured_at": 1.0, "frame_age_ms": 20.0}
    record = {"evidence_id": "e1", "session_id": "s1", "created_at": 1.0, "policy_version": 1, "policy": {}}
    evidence: dict[str, Any] = {**record, "violation": violation}
    seen = {**HEARD, "violations": ["speech_detected"]}
    assert fits("Evidence", evidence | {"seen": {}})
    assert fits("Evidence", evidence | {"seen": seen, "seen_at": 1.0, "seen_age_ms": 20.0})
    assert not fits("Evidence", evidence | {"seen": seen | {"rms": "loud"}})


def test_a_streams_result_is_its_own() -> None:
    result: dict[str, Any] = {"captured_at": 1.0, "frame_age_ms": 20.0, "skipped": 0, "models": {}}
    told: dict[str, Any] = {"session_id": "s1", "state": "live", "violations": {}}
    audio = {**result, "data": {**HEARD, "violations": []}}
    assert fits("Results", told | {"streams": {"audio": audio}})
    assert fits("Results", told | {"streams": {"crowd": audio}})
    assert not fits("Results", told | {"streams": {"face": audio}})


def test_a_tasks_result_is_its_own() -> None:
    told = {"session_id": "s1", "success": True, "latency_ms": 9, "worker_id": None, "error": None}
    moderated = {**told, "task_type": "response_moderate"}
    assert not fits("InferReply", moderated | {"result": {"match": True}})
    assert fits("InferReply", moderated | {"result": None})
