"""The JSON of streams that several tracks feed."""

from typing import Any

import msgspec
import pytest

from argusd.api.streams.timed import TimedMedia, typed_answer
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest
from argusd.scheduler.contract.streams.spec import AnswerTypes

TYPES = AnswerTypes("sync_score", violation="lip_sync_violation")


def read(**fields: Any) -> TimedMedia:
    return msgspec.json.decode(msgspec.json.encode(fields), type=TimedMedia)


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
        msgspec.json.decode(msgspec.json.encode(fields), type=TimedMedia)


def test_an_answer_says_whether_the_lips_are_in_sync() -> None:
    data: dict[str, Any] = {"score": 0.8, "offset_ms": 20, "violations": []}
    latest = Latest(MediaKey("s", "lipsync"), "lipsync", 12.5, 3.0, 0, {}, data)
    assert typed_answer(latest, TYPES) == {
        "type": "sync_score",
        "score": 0.8,
        "ts": 12.5,
        "offset_ms": 20,
        "violations": [],
    }
    data["violations"] = ["lip_sync_violation"]
    assert typed_answer(latest, TYPES)["type"] == "lip_sync_violation"


def test_before_there_is_anything_to_compare_the_score_is_null() -> None:
    answer = typed_answer(Latest(MediaKey("s", "lipsync"), "lipsync", 0.0, 3.0, 0, {}, {}), TYPES)
    assert (answer["type"], answer["score"]) == ("sync_score", None)
