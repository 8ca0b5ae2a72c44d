"""Every request of the wire contract as a service in any language would send it, by a plain HTTP client.

Each task at each of its addresses, bytes as base64 both ways, and the envelope to the letter.
"""

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.tasks.sound.sound import decode_sound

from ..live_daemon import Daemon
from ..scheduler.pages import ZONE, card, page, png

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

ENVELOPE = ["session_id", "task_type", "success", "result", "latency_ms", "worker_id", "error"]
SPEECH = "The migration took a week, because, um, we had to move one shard at a time and check it twice. "


class Example(NamedTuple):
    """A request of the contract, where else it is taken, and which fields its result must have."""

    task_type: str
    own_path: str
    payload: dict[str, Any]
    fields: set[str]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def ask(daemon: Daemon, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = Request(daemon.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=300) as response:
        assert (response.status, response.headers.get_content_type()) == (200, "application/json")
        answer: dict[str, Any] = json.load(response)
    assert list(answer) == ENVELOPE
    assert (answer["session_id"], answer["success"], answer["error"]) == ("sched_abc123", True, None)
    assert isinstance(answer["latency_ms"], int)
    return answer


def everywhere(daemon: Daemon, example: Example) -> list[dict[str, Any]]:
    """The results of one request at ``/ml/infer``, ``/infer`` and the task's own path."""
    session: dict[str, Any] = {"session_id": "sched_abc123", "timeout_s": 280.0}
    whole = {"task_type": example.task_type, "payload": example.payload}
    bodies = {
        "/ml/infer": session | whole,
        "/infer": session | whole,
        example.own_path: session | example.payload,
    }
    answers = [ask(daemon, path, body) for path, body in bodies.items()]
    assert {answer["task_type"] for answer in answers} == {example.task_type}
    results = [answer["result"] for answer in answers]
    assert all(example.fields <= set(result) for result in results), results
    return results


def vector(result: dict[str, Any]) -> NDArray[np.float32]:
    """The embedding as its bytes say: little-endian float32."""
    return np.frombuffer(base64.b64decode(result["embedding_b64"], validate=True), "<f4")


@pytest.fixture(scope="module")
def face(media: Path) -> str:
    return b64((media / "biden.jpg").read_bytes())


@pytest.fixture(scope="module")
def voice(media: Path) -> str:
    return b64((media / "speech" / "FEE078-0000.flac").read_bytes())


def test_a_face_is_embedded_and_verified_by_the_bytes_that_came_back(daemon: Daemon, face: str) -> None:
    embedded = everywhere(
        daemon,
        Example("face_embed", "/face/embed", {"image_b64": face}, {"embedding_b64", "face_count"}),
    )
    first, *others = (vector(result) for result in embedded)
    assert float(np.linalg.norm(first)) == pytest.approx(1.0, abs=1e-5)
    assert all(float(first @ other) > 0.9999 for other in others)
    payload = {"image_b64": face, "reference_embedding_b64": embedded[0]["embedding_b64"]}
    for found in everywhere(
        daemon, Example("face_verify", "/face/verify", payload, {"match", "score", "confidence"})
    ):
        assert (found["match"], found["score"]) == (True, pytest.approx(1.0, abs=1e-3))


def test_a_voice_is_enrolled_and_verified_by_the_bytes_that_came_back(daemon: Daemon, voice: str) -> None:
    payload = {"audio_b64": voice, "sample_rate": 16000}
    enrolled = everywhere(
        daemon, Example("audio_enroll", "/audio/enroll", payload, {"embedding_b64", "quality_score"})
    )
    assert float(np.linalg.norm(vector(enrolled[0]))) == pytest.approx(1.0, abs=1e-5)
    assert 0 < enrolled[0]["quality_score"] <= 1
    payload = {"audio_b64": voice, "reference_embedding_b64": enrolled[0]["embedding_b64"]}
    for found in everywhere(daemon, Example("audio_verify", "/audio/verify", payload, {"match", "score"})):
        assert (found["match"], found["score"]) == (True, pytest.approx(1.0, abs=1e-3))


def test_raw_samples_say_what_the_same_file_says(daemon: Daemon, voice: str) -> None:
    """``audio_b64`` may be 16-bit little-endian samples; then ``sample_rate`` is needed."""
    samples = decode_sound(base64.b64decode(voice), None)
    body = {
        "session_id": "sched_abc123",
        "audio_b64": b64(samples.astype("<i2").tobytes()),
        "sample_rate": 16000,
    }
    raw = ask(daemon, "/audio/enroll", body)["result"]
    filed = ask(daemon, "/audio/enroll", {"session_id": "sched_abc123", "audio_b64": voice})["result"]
    assert float(vector(raw) @ vector(filed)) > 0.9999


def test_who_spoke_when_is_told(daemon: Daemon, voice: str) -> None:
    for found in everywhere(
        daemon, Example("audio_diarize", "/audio/diarize", {"audio_b64": voice}, {"segments"})
    ):
        assert {"speaker", "start_s", "end_s"} == set(found["segments"][0])
        assert {segment["speaker"] for segment in found["segments"]} == {"SPEAKER_00"}


def test_a_room_is_scanned_to_its_end(daemon: Daemon, face: str) -> None:
    fields = {"objects", "person_count", "reference_stored"}
    payload = {"frame_b64": face, "scan_id": "scan_7"}
    frames = everywhere(daemon, Example("video_room_scan", "/video/room-scan/frame", payload, fields))
    assert [found["reference_stored"] for found in frames] == [True, False, False]
    session = {"session_id": "sched_abc123"}
    over = ask(daemon, "/video/room-scan/complete", session | {"scan_id": "scan_7"})
    assert (over["task_type"], over["result"]["result"]["frames"]) == ("video_room_scan", 3)
    for path in ("/ml/infer", "/infer"):
        ask(daemon, "/video/room-scan/frame", session | payload)
        end = {"scan_id": "scan_7", "complete": True}
        over = ask(daemon, path, session | {"task_type": "video_room_scan", "payload": end})
        assert over["result"]["result"]["frames"] == 1


def test_a_document_is_read_and_held_against_its_holder(daemon: Daemon, media: Path) -> None:
    portrait = np.asarray(cv2.imread(str(media / "biden.jpg")), np.uint8)[100:700, 300:880]
    payload = {
        "id_image_b64": b64(png(card(portrait, ZONE))),
        "face_image_b64": b64((media / "biden.jpg").read_bytes()),
    }
    fields = {"face_match", "ocr_fields", "confidence"}
    for found in everywhere(daemon, Example("doc_id_verify", "/doc/id-verify", payload, fields)):
        assert found["face_match"] is True
        assert found["ocr_fields"] == {
            "name": "ANNA MARIA ERIKSSON",
            "dob": "1974-08-12",
            "id_no": "L898902C3",
        }


def test_a_page_is_read(daemon: Daemon) -> None:
    payload = {"image_b64": b64(png(page(["Meeting notes", "Budget approved"]))), "language": "en"}
    for found in everywhere(daemon, Example("doc_ocr", "/doc/ocr", payload, {"text", "blocks"})):
        assert found["text"] == "Meeting notes\nBudget approved"


def test_a_transcript_is_judged(daemon: Daemon) -> None:
    fields = {"risk_score", "stylometry", "llm_verdict", "reasoning"}
    example = Example("plagiarism_analyze", "/analysis/plagiarism", {"transcript": SPEECH * 5}, fields)
    for found in everywhere(daemon, example):
        assert 0 <= found["risk_score"] <= 1
        assert found["llm_verdict"] is None  # no language model is configured


@pytest.mark.parametrize("partial", [False, True])
def test_an_answer_is_moderated(daemon: Daemon, partial: bool) -> None:
    payload = {"text": "I enjoy working in a team.", "partial": partial}
    fields = {"category", "action", "confidence"}
    for found in everywhere(daemon, Example("response_moderate", "/analysis/moderate", payload, fields)):
        assert (found["category"], found["action"]) == ("ok", "allow")
