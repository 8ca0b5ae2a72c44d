"""The JSON of the lipsync stream."""

from typing import Any

import msgspec
import pytest

from argusd.api.streams.lipsync import LipSyncMedia, lip_sync_answer
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest


def read(**fields: Any) -> LipSyncMedia:
    return msgspec.json.decode(msgspec.json.encode(fields), type=LipSyncMedia)


@pytest.mark.parametrize(("ts", "captured_ns"), [(0.0, 1), (1.25, 1_250_000_000), (1.7e9, 17 * 10**17)])
def test_the_senders_clock_becomes_the_capture_time(ts: float, captured_ns: int) -> None:
    message = read(type="video_frame", data_b64=b"\xff\xd8", ts=ts)
    assert (message.data_b64, message.captured_ns) == (b"\xff\xd8", captured_ns)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "picture"},
        {"ts": -1},
        {"ts": 1e12},
        {"ts": "now"},
        {"data_b64": "%%%"},
        {"data_b64": None},
        {"more": 1},
    ],
)
def test_wrong_fields_are_refused(wrong: dict[str, Any]) -> None:
    fields = {"type": "audio_chunk", "data_b64": "AAAA", "ts": 1.0, **wrong}
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(fields), type=LipSyncMedia)


def test_an_answer_says_whether_the_lips_are_in_sync() -> None:
    data: dict[str, Any] = {"score": 0.8, "offset_ms": 20, "violations": []}
    latest = Latest(MediaKey("s", "lipsync"), "lipsync", 12.5, 3.0, 0, {}, data)
    assert lip_sync_answer(latest) == {
        "type": "sync_score",
        "score": 0.8,
        "ts": 12.5,
        "offset_ms": 20,
        "violations": [],
    }
    data["violations"] = ["lip_sync_violation"]
    assert lip_sync_answer(latest)["type"] == "lip_sync_violation"


def test_before_there_is_anything_to_compare_the_score_is_null() -> None:
    answer = lip_sync_answer(Latest(MediaKey("s", "lipsync"), "lipsync", 0.0, 3.0, 0, {}, {}))
    assert (answer["type"], answer["score"]) == ("sync_score", None)
