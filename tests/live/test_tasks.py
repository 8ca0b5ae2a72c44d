"""Every one-shot task through a running daemon: real HTTP, processes, weights, faces, voices and pages."""

import base64
import wave
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations, product
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
import pytest

from argusd.scheduler.contract.tasks.voices import AudioDiarizeReply
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import Daemon
from ..media import OURS, Voices, published
from ..scheduler.diarization import error_rate, truth_of
from ..scheduler.pages import ZONE, card, page, png
from ..task_client import Client

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

# The largest face of each picture, the first one of each clip.
FACES = {
    "obama.jpg": "obama",
    "obama2.jpg": "obama",
    "biden.jpg": "biden",
    "two_people.jpg": "biden",
    "eyes_ahead.mp4": "obama",
}
if OURS.is_dir():
    FACES |= {"gaze_focus.mp4": "visitor", "gaze_left.mp4": "visitor"}
API_LIMIT_MIB = 250
CALLERS = 16


def path(name: str) -> Path:
    return (OURS if FACES[name] == "visitor" else published()) / name


def picture(name: str) -> bytes:
    """A picture's file, or a clip's first frame as a file."""
    if not name.endswith(".mp4"):
        return path(name).read_bytes()
    with av.open(str(path(name))) as clip:
        return png(np.asarray(next(clip.decode(video=0)).to_ndarray(format="bgr24"), np.uint8))


@pytest.fixture(scope="module")
def faces(client: Client) -> dict[str, str]:
    """Embeddings (base64) of every picture."""
    results = {name: client.result("/face/embed", image_b64=picture(name)) for name in FACES}
    return {name: result["embedding_b64"] for name, result in results.items()}


@pytest.fixture(scope="module")
def enrolled_voices(client: Client, voices: Voices) -> dict[str, str]:
    """Embeddings (base64) of every recording of a corpus."""
    sounds = {name: voices.path(name).read_bytes() for name in voices.names}
    results = {name: client.result("/audio/enroll", audio_b64=sound) for name, sound in sounds.items()}
    return {name: result["embedding_b64"] for name, result in results.items()}


@pytest.mark.parametrize(("enrolled", "shown"), list(product(FACES, FACES)))
def test_face_verify_tells_people_apart(
    client: Client, faces: dict[str, str], enrolled: str, shown: str
) -> None:
    found = client.result("/face/verify", image_b64=picture(shown), reference_embedding_b64=faces[enrolled])
    assert found["match"] is (FACES[enrolled] == FACES[shown]), found


@pytest.mark.parametrize(("one", "other"), list(combinations(range(8), 2)))
def test_audio_verify_tells_voices_apart(
    client: Client, voices: Voices, enrolled_voices: dict[str, str], one: int, other: int
) -> None:
    enrolled, heard = voices.names[one], voices.names[other]
    sound, reference = voices.path(heard).read_bytes(), enrolled_voices[enrolled]
    found = client.result("/audio/verify", audio_b64=sound, reference_embedding_b64=reference)
    assert found["match"] is (enrolled.split("-")[0] == heard.split("-")[0]), found


def test_audio_diarize_finds_both_speakers(client: Client, models: ZooStore) -> None:
    recording = models.file("two_speakers", "sample.wav")
    result = client.result("/audio/diarize", audio_b64=recording.read_bytes())
    found = msgspec.convert(result, AudioDiarizeReply)
    assert {segment.speaker for segment in found.segments} == {"SPEAKER_00", "SPEAKER_01"}
    truth = truth_of(models.file("two_speakers", "sample.rttm"))
    strict, usual = (error_rate(found, truth, seconds(recording), collar) for collar in (0.0, 0.5))
    print(f"diarization error rate {strict:.1%}; {usual:.1%} not counting ¼ s around turns")  # noqa: T201
    assert strict < 0.20
    assert usual < 0.06


def seconds(recording: Path) -> float:
    with wave.open(str(recording)) as file:
        return float(file.getnframes() / file.getframerate())


def test_doc_ocr_reads_a_page_exactly(client: Client) -> None:
    lines = ["The quick brown fox jumps", "over the lazy dog"]
    found = client.result("/doc/ocr", image_b64=png(page(lines)))
    assert found["text"].splitlines() == lines
    read = [word for block in found["blocks"] for word in block["text"].split()]
    assert sorted(read) == sorted(" ".join(lines).split())


def test_doc_id_verify_reads_the_card_and_knows_its_holder(client: Client) -> None:
    portrait = np.asarray(cv2.imread(str(path("biden.jpg"))), np.uint8)[100:700, 300:880]
    document = png(card(portrait, ZONE))
    holder = client.result("/doc/id-verify", id_image_b64=document, face_image_b64=picture("two_people.jpg"))
    assert holder["face_match"] is True
    assert holder["ocr_fields"] == {"name": "ANNA MARIA ERIKSSON", "dob": "1974-08-12", "id_no": "L898902C3"}
    other = client.result("/doc/id-verify", id_image_b64=document, face_image_b64=picture("obama2.jpg"))
    assert other["face_match"] is False


def test_a_room_scan_from_its_first_frame_to_its_result(client: Client) -> None:
    frame = picture("two_people.jpg")
    first = client.result("/video/room-scan/frame", scan_id="scan-1", frame_b64=frame)
    assert (first["reference_stored"], first["person_count"]) == (True, 2)
    again = client.result("/video/room-scan/frame", scan_id="scan-1", frame_b64=frame)
    assert again["reference_stored"] is False
    elsewhere = client.result("/video/room-scan/frame", scan_id="scan-1", frame_b64=picture("obama2.jpg"))
    assert (again["same_place"], elsewhere["same_place"]) == (True, False)
    over = client.result("/video/room-scan/complete", scan_id="scan-1")["result"]
    assert (over["frames"], over["person_count"]) == (3, 2)


def test_text_tasks_answer_without_a_language_model(client: Client) -> None:
    transcript = (
        "Well, I started with the logs. Um, then we, we found the slow query and fixed the index. " * 5
    )
    found = client.result("/analysis/plagiarism", transcript=transcript)
    assert 0 <= found["risk_score"] < 0.5
    assert found["llm_verdict"] is None
    judged = client.result("/analysis/moderate", text="I enjoy working in a team.")
    assert (judged["category"], judged["action"]) == ("ok", "allow")


def test_many_callers_at_once_get_what_one_gets(
    client: Client, daemon: Daemon, faces: dict[str, str]
) -> None:
    with ThreadPoolExecutor(CALLERS) as callers:
        names = (list(FACES) * CALLERS)[:CALLERS]
        results = callers.map(lambda name: client.result("/face/embed", image_b64=picture(name)), names)
        for name, result in zip(names, results, strict=True):
            one, many = (
                np.frombuffer(base64.b64decode(each), "<f4")
                for each in (faces[name], result["embedding_b64"])
            )
            assert float(one @ many) > 0.9999
    assert daemon.child("api").memory_info().rss >> 20 < API_LIMIT_MIB
