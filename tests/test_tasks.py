"""Every one-shot task through a running daemon: real HTTP, processes, weights, faces, voices and pages."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from .live_daemon import Daemon, started
from .scheduler.pages import ZONE, card, page, png
from .task_client import Client

pytestmark = [pytest.mark.weights, pytest.mark.slow]

MEDIA = Path(__file__).parents[2] / "shared" / "media"
if not MEDIA.is_dir():
    pytest.skip("the recordings are not here", allow_module_level=True)

FACES = {"obama-480p.jpg": "obama", "obama2.jpg": "obama", "biden.jpg": "biden", "two_people.jpg": "biden"}
VOICES = [path.name for path in sorted((MEDIA / "speech").glob("*.flac"))]
API_LIMIT_MIB = 250
CALLERS = 16


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    ZooStore(load_config().cache_dir).pull(["live", "registry"])
    with started(tmp_path_factory.mktemp("state")) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def client(daemon: Daemon) -> Client:
    return Client(daemon)


def media(name: str) -> bytes:
    return (MEDIA / name).read_bytes()


def voice(name: str) -> bytes:
    return media(f"speech/{name}")


@pytest.fixture(scope="module")
def faces(client: Client) -> dict[str, str]:
    """Embeddings (base64) of every picture."""
    results = {name: client.result("/face/embed", image_b64=media(name)) for name in FACES}
    return {name: result["embedding_b64"] for name, result in results.items()}


@pytest.fixture(scope="module")
def voices(client: Client) -> dict[str, str]:
    """Embeddings (base64) of every recording."""
    results = {name: client.result("/audio/enroll", audio_b64=voice(name)) for name in VOICES}
    return {name: result["embedding_b64"] for name, result in results.items()}


@pytest.mark.parametrize(("enrolled", "shown"), [pair for pair in product(FACES, FACES) if len({*pair}) == 2])
def test_face_verify_tells_people_apart(
    client: Client, faces: dict[str, str], enrolled: str, shown: str
) -> None:
    found = client.result("/face/verify", image_b64=media(shown), reference_embedding_b64=faces[enrolled])
    assert found["match"] is (FACES[enrolled] == FACES[shown]), found


@pytest.mark.parametrize(("enrolled", "heard"), list(combinations(VOICES, 2)))
def test_audio_verify_tells_voices_apart(
    client: Client, voices: dict[str, str], enrolled: str, heard: str
) -> None:
    found = client.result("/audio/verify", audio_b64=voice(heard), reference_embedding_b64=voices[enrolled])
    assert found["match"] is (enrolled.split("-")[0] == heard.split("-")[0]), found


def test_audio_diarize_finds_both_speakers(client: Client) -> None:
    recording = ZooStore(load_config().cache_dir).file("two_speakers", "sample.wav").read_bytes()
    found = client.result("/audio/diarize", audio_b64=recording)
    assert {segment["speaker"] for segment in found["segments"]} == {"SPEAKER_00", "SPEAKER_01"}
    assert all(0 <= each["start_s"] < each["end_s"] <= 30 for each in found["segments"])


def test_doc_ocr_reads_a_page_exactly(client: Client) -> None:
    lines = ["The quick brown fox jumps", "over the lazy dog"]
    found = client.result("/doc/ocr", image_b64=png(page(lines)))
    assert found["text"].split() == " ".join(lines).split()
    assert len(found["blocks"]) >= 2


def test_doc_id_verify_reads_the_card_and_knows_its_holder(client: Client) -> None:
    portrait = np.asarray(cv2.imread(str(MEDIA / "biden.jpg")), np.uint8)[100:700, 300:880]
    document = png(card(portrait, ZONE))
    holder = client.result("/doc/id-verify", id_image_b64=document, face_image_b64=media("two_people.jpg"))
    assert holder["face_match"] is True
    assert holder["ocr_fields"] == {"name": "ANNA MARIA ERIKSSON", "dob": "1974-08-12", "id_no": "L898902C3"}
    other = client.result("/doc/id-verify", id_image_b64=document, face_image_b64=media("obama2.jpg"))
    assert other["face_match"] is False


def test_a_room_scan_from_its_first_frame_to_its_result(client: Client) -> None:
    frame = media("two_people.jpg")
    first = client.result("/video/room-scan/frame", scan_id="scan-1", frame_b64=frame)
    assert (first["reference_stored"], first["person_count"]) == (True, 2)
    again = client.result("/video/room-scan/frame", scan_id="scan-1", frame_b64=frame)
    assert again["reference_stored"] is False
    client.result("/video/room-scan/complete", scan_id="scan-1")
    status, answer = client.post("/video/room-scan/complete", scan_id="scan-1")
    assert (status, answer["success"]) == (404, False)


def test_text_tasks_answer_without_a_language_model(client: Client) -> None:
    transcript = (
        "Well, I started with the logs. Um, then we, we found the slow query and fixed the index. " * 5
    )
    found = client.result("/analysis/plagiarism", transcript=transcript)
    assert 0 <= found["risk_score"] < 0.5
    assert found["llm_verdict"] is None
    judged = client.result("/analysis/moderate", text="I enjoy working in a team.")
    assert (judged["category"], judged["action"]) == ("ok", "allow")


def silence(seconds: float) -> bytes:
    return bytes(2 * int(16_000 * seconds))


PNG_20000 = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + (20_000).to_bytes(4, "big") * 2
WALL = png(np.full((480, 640, 3), 120, np.uint8))
BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("/face/embed", {"image_b64": b""}, 422, "bad_image"),
    ("/face/embed", {"image_b64": b"GIF89a" + bytes(100)}, 422, "bad_image"),
    ("/face/embed", {"image_b64": media("biden.jpg")[:100_000]}, 422, "bad_image"),
    ("/face/embed", {"image_b64": PNG_20000}, 413, "image_too_large"),
    ("/face/embed", {"image_b64": WALL}, 422, "no_face"),
    ("/face/verify", {"image_b64": WALL, "reference_embedding_b64": bytes(400)}, 422, "embedding_size"),
    ("/audio/enroll", {"audio_b64": b""}, 422, "bad_audio"),
    ("/audio/enroll", {"audio_b64": bytes(1000)}, 422, "bad_audio"),
    ("/audio/enroll", {"audio_b64": silence(0.05), "sample_rate": 16_000}, 422, "too_short"),
    ("/audio/enroll", {"audio_b64": silence(3), "sample_rate": 16_000}, 422, "no_speech"),
    ("/audio/enroll", {"audio_b64": silence(3), "sample_rate": 5}, 422, "invalid_field"),
    ("/audio/verify", {"audio_b64": silence(3), "reference_embedding_b64": b"abcd"}, 422, "embedding_size"),
    ("/audio/diarize", {"audio_b64": b"fLaC" + bytes(100)}, 422, "bad_audio"),
    ("/video/room-scan/frame", {"scan_id": "s", "frame_b64": b"no"}, 422, "bad_image"),
    ("/video/room-scan/complete", {"scan_id": "never-begun"}, 404, "scan_expired"),
    ("/doc/ocr", {"image_b64": WALL, "language": "tlh"}, 422, "language_unsupported"),
    ("/doc/id-verify", {"id_image_b64": WALL, "face_image_b64": WALL}, 422, "no_face"),
    ("/analysis/plagiarism", {"transcript": "x", "llm_profile": "nobody"}, 422, "llm_profile_unknown"),
]


@pytest.mark.parametrize(("path", "body", "status", "code"), BAD, ids=lambda each: str(each)[:24])
def test_bad_input_is_a_clear_error(
    client: Client, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    answered, answer = client.post(path, **body)
    assert (answered, answer["success"], answer["error_code"]) == (status, False, code), answer
    assert answer["error"].endswith(".")


def test_many_callers_at_once_get_what_one_gets(
    client: Client, daemon: Daemon, faces: dict[str, str]
) -> None:
    with ThreadPoolExecutor(CALLERS) as callers:
        names = list(FACES) * (CALLERS // len(FACES))
        results = callers.map(lambda name: client.result("/face/embed", image_b64=media(name)), names)
        for name, result in zip(names, results, strict=True):
            one, many = (
                np.frombuffer(base64.b64decode(each), "<f4")
                for each in (faces[name], result["embedding_b64"])
            )
            assert float(one @ many) > 0.9999
    assert daemon.child("api").memory_info().rss >> 20 < API_LIMIT_MIB
