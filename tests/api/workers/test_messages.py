"""What callers are told over HTTP and WebSockets about requests that nobody can follow."""

from typing import Any

import pytest
from aiohttp import WSMsgType

from ..fixtures import Rig


def asked(task_type: str, **payload: Any) -> dict[str, Any]:
    return {"session_id": "s1", "task_type": task_type, "payload": payload}


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        (
            "POST",
            "/ml/infer",
            asked("video_room_scan", scan_id="no spaces"),
            "The value of payload.scan_id must be 1 to 128 letters, digits or _ . : -, not just dots.",
        ),
        (
            "POST",
            "/video/room-scan/frame",
            {"session_id": "s1", "scan_id": "s", "frame": "aaaa"},
            "The field frame of the body is not known; did you mean frame_b64?"
            " Known are session_id, timeout_s, scan_id, frame_b64, economy.",
        ),
        (
            "POST",
            "/ml/infer",
            asked("face_embed", image="aaaa"),
            "The field image of payload is not known; did you mean image_b64? Known is image_b64.",
        ),
        (
            "POST",
            "/ml/infer",
            asked("face_verify", image_b64="aaaa", reference_embedding_b64="aaaa", threshold=60),
            "The value of payload.threshold must be a number from 0 to 1, or null.",
        ),
        (
            "POST",
            "/ml/infer",
            asked("face_embedd"),
            "There is no such task_type; did you mean face_embed? There are doc_id_verify, doc_ocr,"
            " face_embed, face_verify, video_room_scan, plagiarism_analyze, response_moderate, audio_enroll,"
            " audio_verify, audio_diarize.",
        ),
        (
            "PUT",
            "/sessions/s1",
            {"streams": ["faces"]},
            "The value of streams[0] must be one of audio, face, lipsync, video; did you mean face?",
        ),
        (
            "PUT",
            "/sessions/s1",
            {"policy": {"gaze_away": {"start_after": 1}}},
            "The field start_after of policy.gaze_away is not known; did you mean start_after_s?"
            " Known are enabled, start_after_s, end_after_s, horizontal, vertical.",
        ),
    ],
)
async def test_a_request(rig: Rig, method: str, path: str, body: dict[str, Any], sentence: str) -> None:
    status, answer = await rig.api.json(method, path, json=body)
    assert (status, answer["success"], answer["error"]) == (422, False, sentence)


async def test_a_message_of_a_stream(rig: Rig) -> None:
    async with rig.api.http.ws_connect("/ml/stream/s1/lipsync") as socket:
        await socket.send_json({"type": "video_fram", "data_b64": "aaaa", "ts": 0})
        said = await socket.receive()
        assert said.type is WSMsgType.TEXT
        assert said.json()["error"] == (
            "The value of type must be one of audio_chunk, video_frame; did you mean video_frame?"
        )


async def test_a_parameter_of_a_stream(rig: Rig) -> None:
    async with rig.api.http.ws_connect("/ml/stream/s1/audio?samplerate=8000") as socket:
        said = (await socket.receive()).json()
        assert (said["error_code"], said["error"]) == (
            "invalid_field",
            "The parameter samplerate is not known; did you mean sample_rate?",
        )
