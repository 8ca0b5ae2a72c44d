"""What every task says to input that it cannot use: status, code, a sentence; or an honest result."""

import base64
import struct
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import psutil
import pytest

from ..live_daemon import Daemon
from ..scheduler.pages import page, png
from ..sounds import encoded, riff, wav_format
from ..task_client import Client

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

RATE = 16_000
WALL = png(np.full((480, 640, 3), 120, np.uint8))
MOST_GROWTH = 64 << 20


class Refusal(NamedTuple):
    """A part of a request that nobody can use, and what is said to it."""

    about: str
    given: Any
    status: int
    code: str


class Asked(NamedTuple):
    """A field that takes such a part, and what else its task needs."""

    path: str
    field: str
    rest: dict[str, Any]


def png_header(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + struct.pack(">II", width, height) + bytes(200)


def jpeg_that_claims(width: int, height: int) -> bytes:
    """A real JPEG whose frame header says that it is of another size."""
    whole = cv2.imencode(".jpg", np.full((64, 64, 3), 90, np.uint8))[1].tobytes()
    frame = whole.index(b"\xff\xc0")
    return whole[: frame + 5] + struct.pack(">HH", height, width) + whole[frame + 9 :]


def webp_that_claims(width: int, height: int) -> bytes:
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return (
        b"RIFF" + struct.pack("<I", 222) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sizes + bytes(200)
    )


def wav(samples: bytes, announced: int | None = None, **form: Any) -> bytes:
    return riff(
        (b"fmt ", wav_format(rate=form.pop("rate", RATE), **form), None), (b"data", samples, announced)
    )


def jpeg_with_scans(count: int) -> bytes:
    """A progressive JPEG of 12 megapixels whose last scan comes again and again."""
    image = np.full((3000, 4000, 3), 90, np.uint8)
    whole = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    return whole[:-2] + whole[whole.rindex(b"\xff\xda") : -2] * count + whole[-2:]


def mp4_that_claims(samples: int) -> bytes:
    """A real MP4 whose table of samples says that there are more."""
    whole = bytearray(encoded("mp4", "aac"))
    struct.pack_into(">I", whole, whole.index(b"stsz") + 12, samples)
    return bytes(whole)


NOISE = np.random.default_rng(3).integers(-2000, 2000, (200, 300, 3)).astype(np.uint8)
PICTURES = [
    Refusal("not base64", "%%%", 422, "invalid_field"),
    Refusal("not text", 5, 422, "invalid_field"),
    Refusal("nothing", b"", 422, "bad_image"),
    Refusal("no image", b"This is no picture." * 20, 422, "bad_image"),
    Refusal("GIF", b"GIF89a" + bytes(100), 422, "bad_image"),
    Refusal("JPEG cut off", cv2.imencode(".jpg", NOISE)[1].tobytes()[:9000], 422, "bad_image"),
    Refusal("PNG cut off", png(NOISE)[:9000], 422, "bad_image"),
    Refusal("WebP cut off", cv2.imencode(".webp", NOISE)[1].tobytes()[:9000], 422, "bad_image"),
    Refusal("0x0 PNG", png_header(0, 0), 422, "bad_image"),
    Refusal("0x0 JPEG", jpeg_that_claims(0, 0), 422, "bad_image"),
    Refusal("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100), 422, "bad_image"),
    Refusal("PDF", b"%PDF-1.7" + bytes(100), 422, "bad_image"),
    Refusal("a sound", bytes(encoded("webm", "libopus", 48_000)), 422, "bad_image"),
    Refusal("base64 of base64", base64.b64encode(WALL), 422, "bad_image"),
    Refusal("a data URL of text", "data:text/plain,hello", 422, "invalid_field"),
    Refusal("a thousand scans", jpeg_with_scans(1000), 422, "bad_image"),
    Refusal("20,000x20,000 PNG", png_header(20_000, 20_000), 413, "image_too_large"),
    Refusal("20,000x20,000 JPEG", jpeg_that_claims(20_000, 20_000), 413, "image_too_large"),
    Refusal("20,000x20,000 WebP", webp_that_claims(20_000, 20_000), 413, "image_too_large"),
]
SILENCE = bytes(2 * RATE * 3)
SOUNDS = [
    Refusal("not base64", {"audio_b64": "%%%"}, 422, "invalid_field"),
    Refusal("nothing", {"audio_b64": b""}, 422, "bad_audio"),
    Refusal("no file, no rate", {"audio_b64": SILENCE}, 422, "bad_audio"),
    Refusal("half a sample", {"audio_b64": SILENCE + b"\0", "sample_rate": RATE}, 422, "bad_audio"),
    Refusal("broken FLAC", {"audio_b64": b"fLaC" + bytes(100)}, 422, "bad_audio"),
    Refusal("broken OGG", {"audio_b64": b"OggS" + bytes(100)}, 422, "bad_audio"),
    Refusal("WAV cut off", {"audio_b64": wav(SILENCE)[:5000]}, 422, "bad_audio"),
    Refusal("WAV of nothing", {"audio_b64": wav(b"")}, 422, "bad_audio"),
    *(
        Refusal(f"{about} as samples", {"audio_b64": given, "sample_rate": RATE}, 422, "bad_audio")
        for about, given in {
            "an error page": b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
            "JSON": b'{"error": "no such recording"}',
            "a picture": WALL,
            "a ZIP": b"PK\x03\x04" + bytes(100),
            "base64": base64.b64encode(wav(SILENCE)),
            "a playlist": b"#EXTM3U\nfile:///etc/passwd\n",
            "Monkey's Audio": b"MAC \x96\x0f" + bytes(100),
            "a broken MP4": encoded("mp4", "aac")[:-300],
            "an MP4 of billions": mp4_that_claims(50_000_000),
            "a broken WebM": encoded("webm", "libopus", 48_000)[:120],
        }.items()
    ),
    *(
        Refusal(f"WAV of {about}", {"audio_b64": wav(SILENCE, **form)}, 422, "bad_audio")
        for about, form in {
            "0 bits": {"bits": 0},
            "65,535 bits": {"bits": 65_535},
            "no channels": {"channels": 0},
            "0 Hz": {"rate": 0},
            "blocks of nothing": {"block": 0},
            "nine channels": {"channels": 9},
        }.items()
    ),
    Refusal("WAV of a pipe, silent", {"audio_b64": wav(SILENCE, announced=0x7FFFFFFF)}, 422, "no_speech"),
    Refusal("rate of 5", {"audio_b64": SILENCE, "sample_rate": 5}, 422, "invalid_field"),
    Refusal(
        "another rate than the file's", {"audio_b64": wav(SILENCE), "sample_rate": 8000}, 422, "bad_audio"
    ),
    Refusal("50 ms", {"audio_b64": SILENCE[: RATE // 10], "sample_rate": RATE}, 422, "too_short"),
    Refusal("silence", {"audio_b64": SILENCE, "sample_rate": RATE}, 422, "no_speech"),
]


@pytest.fixture(scope="module")
def face(media: Path) -> bytes:
    return (media / "biden.jpg").read_bytes()


@pytest.fixture(scope="module")
def references(client: Client, media: Path, face: bytes) -> dict[str, bytes]:
    """A good reference embedding for each task that needs one."""
    speech = (media / "speech" / "FEE078-0000.flac").read_bytes()
    seen = client.result("/face/embed", image_b64=face)["embedding_b64"]
    heard = client.result("/audio/enroll", audio_b64=speech)["embedding_b64"]
    return {"/face/verify": base64.b64decode(seen), "/audio/verify": base64.b64decode(heard)}


def with_reference(path: str, body: dict[str, Any], references: dict[str, bytes]) -> dict[str, Any]:
    return body | ({"reference_embedding_b64": references[path]} if path in references else {})


def refused(client: Client, path: str, body: dict[str, Any], status: int, code: str) -> str:
    """The sentence of a refusal, whose envelope is whole."""
    answered, answer = client.post(path, **body)
    assert (answered, answer["success"], answer["error_code"]) == (status, False, code), answer
    assert answer.get("result") is None
    assert answer["error"].endswith(".")
    return str(answer["error"])


LOOKING = [
    Asked("/face/embed", "image_b64", {}),
    Asked("/face/verify", "image_b64", {}),
    Asked("/video/room-scan/frame", "frame_b64", {"scan_id": "bad"}),
    Asked("/doc/ocr", "image_b64", {}),
    Asked("/doc/id-verify", "id_image_b64", {"face_image_b64": WALL}),
    Asked("/doc/id-verify", "face_image_b64", {}),
]


def named(each: Asked | Refusal | str) -> str:
    if isinstance(each, Asked):
        return f"{each.path} {each.field}"
    return each.about if isinstance(each, Refusal) else each


@pytest.mark.parametrize(("asked", "bad"), list(product(LOOKING, PICTURES)), ids=named)
def test_a_picture_that_cannot_be_used(
    client: Client, references: dict[str, bytes], face: bytes, asked: Asked, bad: Refusal
) -> None:
    rest = asked.rest or ({"id_image_b64": face} if asked.field == "face_image_b64" else {})
    body = with_reference(asked.path, {**rest, asked.field: bad.given}, references)
    sentence = refused(client, asked.path, body, bad.status, bad.code)
    if asked.path == "/doc/id-verify":
        assert asked.field in sentence


HEARING = ["/audio/enroll", "/audio/verify", "/audio/diarize"]


@pytest.mark.parametrize(("path", "bad"), list(product(HEARING, SOUNDS)), ids=named)
def test_a_sound_that_cannot_be_used(
    client: Client, references: dict[str, bytes], path: str, bad: Refusal
) -> None:
    refused(client, path, with_reference(path, bad.given, references), bad.status, bad.code)


def test_half_a_recording_is_not_taken_for_a_whole_one(
    client: Client, references: dict[str, bytes], media: Path
) -> None:
    speech = (media / "speech" / "FEE078-0000.flac").read_bytes()
    for path in HEARING:
        body = with_reference(path, {"audio_b64": speech[: len(speech) // 2 + 7]}, references)
        refused(client, path, body, 422, "bad_audio")


@pytest.mark.parametrize("path", ["/face/verify", "/audio/verify"])
@pytest.mark.parametrize("change", ["one byte less", "one number more", "nothing", "zeros", "not numbers"])
def test_a_reference_of_another_size_or_of_no_numbers(
    client: Client, references: dict[str, bytes], media: Path, face: bytes, path: str, change: str
) -> None:
    good = references[path]
    given = {
        "one byte less": good[:-1],
        "one number more": good + bytes(4),
        "nothing": b"",
        "zeros": bytes(len(good)),
        "not numbers": np.full(len(good) // 4, np.nan, "<f4").tobytes(),
    }[change]
    speech = (media / "speech" / "FEE078-0000.flac").read_bytes()
    body = {"image_b64": face} if path == "/face/verify" else {"audio_b64": speech}
    refused(client, path, body | {"reference_embedding_b64": given}, 422, "embedding_size")


def test_nobody_in_the_picture(client: Client, references: dict[str, bytes], face: bytes) -> None:
    refused(client, "/face/embed", {"image_b64": WALL}, 422, "no_face")
    body = with_reference("/face/verify", {"image_b64": WALL}, references)
    refused(client, "/face/verify", body, 422, "no_face")
    for field in ("id_image_b64", "face_image_b64"):
        both = {"id_image_b64": face, "face_image_b64": face, field: WALL}
        assert field in refused(client, "/doc/id-verify", both, 422, "no_face")
    scanned = client.result("/video/room-scan/frame", scan_id="empty", frame_b64=WALL)
    assert scanned["person_count"] == 0


def test_two_faces_are_told_and_the_larger_one_counts(client: Client, media: Path, face: bytes) -> None:
    pair = (media / "two_people.jpg").read_bytes()
    seen = client.result("/face/embed", image_b64=pair)
    assert seen["face_count"] == 2
    again = client.result("/face/verify", image_b64=face, reference_embedding_b64=seen["embedding_b64"])
    assert (again["match"], again["face_count"]) == (True, 1)
    checked = client.result("/doc/id-verify", id_image_b64=face, face_image_b64=pair)
    assert checked["warnings"][-1] == "several_faces_in_face_image"


def test_a_blank_page_has_no_text(client: Client) -> None:
    found = client.result("/doc/ocr", image_b64=WALL)
    assert (found["text"], found["blocks"]) == ("", [])


def test_a_language_that_nobody_reads(client: Client, face: bytes) -> None:
    text = png(page(["Guten Tag"]))
    for language in ("tlh", "", "en,tlh"):
        refused(client, "/doc/ocr", {"image_b64": text, "language": language}, 422, "language_unsupported")
    body = {"id_image_b64": face, "face_image_b64": face, "language": "tlh"}
    refused(client, "/doc/id-verify", body, 422, "language_unsupported")


def test_text_in_another_language_is_measured_only_by_what_holds_there(client: Client) -> None:
    german = "Zuerst habe ich die Abfrage gemessen, dann den Index neu gebaut und wieder gemessen. " * 6
    found = client.result("/analysis/plagiarism", transcript=german)
    assert found["stylometry"]["language"] is None
    assert 0 <= found["risk_score"] < 0.5
    assert client.result("/analysis/moderate", text=german)["action"] == "allow"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/ml/infer", {"task_type": "face_dance", "payload": {}}, 422, "unknown_task"),
        ("/infer", {"task_type": "", "payload": {}}, 422, "unknown_task"),
        ("/ml/infer", {"task_type": "face_embed"}, 422, "invalid_field"),
        ("/ml/infer", {"task_type": "face_embed", "payload": []}, 422, "invalid_field"),
        ("/ml/infer", {"task_type": "face_embed", "payload": {"image": "x"}}, 422, "invalid_field"),
        ("/face/dance", {}, 404, "not_found"),
        ("/face/embed", {"image_b64": WALL, "session_id": "no spaces"}, 422, "invalid_field"),
        ("/face/embed", {"image_b64": WALL, "timeout_s": -1}, 422, "invalid_field"),
        ("/video/room-scan/complete", {"scan_id": "never-begun"}, 404, "scan_expired"),
        ("/video/room-scan/complete", {"scan_id": "no spaces"}, 422, "invalid_field"),
        ("/video/room-scan/frame", {"scan_id": "s"}, 422, "invalid_field"),
        ("/analysis/plagiarism", {"transcript": ""}, 422, "invalid_field"),
        ("/analysis/plagiarism", {"transcript": "…!"}, 422, "invalid_field"),
        ("/analysis/plagiarism", {"transcript": "a " * 100_001}, 422, "invalid_field"),
        ("/analysis/plagiarism", {"transcript": "x", "llm_profile": "nobody"}, 422, "llm_profile_unknown"),
        (
            "/analysis/plagiarism",
            {"transcript": "x", "proxyllm_url": "http://169.254.169.254/"},
            422,
            "llm_profile_unknown",
        ),
        ("/analysis/moderate", {"text": " "}, 422, "invalid_field"),
        ("/analysis/moderate", {"text": 5}, 422, "invalid_field"),
        ("/analysis/moderate", {"text": "x", "llm_profile": "nobody"}, 422, "llm_profile_unknown"),
    ],
)
def test_a_request_that_makes_no_sense(
    client: Client, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    refused(client, path, body, status, code)


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/video/room-scan/complete", {"scan_id": "no spaces"}, "scan_id must be 1 to 128 letters, digits"),
        ("/face/embed", {"image": WALL}, "did you mean image_b64?"),
        ("/analysis/moderate", {"transcript": "x"}, "did you mean text?"),
        ("/analysis/plagiarism", {"text": "x"}, "did you mean transcript?"),
        ("/audio/enroll", {"audio_b64": SILENCE, "sampleRate": RATE}, "did you mean sample_rate?"),
        ("/audio/enroll", {"audio_b64": SILENCE, "sample_rate": 5}, "a whole number from 8000 to 96000"),
        ("/face/embed", {"image_b64": WALL, "timeout_s": -1}, "a number above 0 and at most 600"),
        ("/ml/infer", {"task_type": "doc_ocrr", "payload": {}}, "did you mean doc_ocr?"),
        ("/ml/infer", {"task_type": "face_embed", "image_b64": WALL}, "it is a field of payload."),
    ],
)
def test_what_a_field_may_be_or_what_was_meant_is_told(
    client: Client, path: str, body: dict[str, Any], told: str
) -> None:
    code = "unknown_task" if "doc_ocrr" in body.values() else "invalid_field"
    assert told in refused(client, path, body, 422, code)


def test_a_scan_that_is_complete_is_no_more(client: Client) -> None:
    client.result("/video/room-scan/frame", scan_id="once", frame_b64=WALL)
    client.result("/video/room-scan/complete", scan_id="once")
    refused(client, "/video/room-scan/complete", {"scan_id": "once"}, 404, "scan_expired")


@pytest.mark.parametrize("path", ["/face/embed", "/doc/ocr"])
def test_no_time_for_it(client: Client, face: bytes, path: str) -> None:
    refused(client, path, {"image_b64": face, "timeout_s": 0.001}, 504, "deadline_exceeded")


def memory(daemon: Daemon) -> dict[str, int]:
    """Resident bytes of each process that callers' bytes pass through."""
    processes: dict[str, psutil.Process] = {
        "api": daemon.child("api"),
        "live": daemon.child("scheduler-0"),
        "bulk": daemon.child("scheduler-bulk"),
    }
    return {name: process.memory_info().rss for name, process in processes.items()}


def test_bombs_leave_memory_as_it_was(daemon: Daemon, client: Client) -> None:
    """Small bodies that unfold: headers that lie, pixels and samples that are all alike."""
    room = png(np.zeros((6000, 6000, 3), np.uint8))  # within the limit: 108 MB from some 100 kB
    hour = wav(bytes(RATE * 2), announced=2**31)
    bombs: list[tuple[str, dict[str, Any]]] = [
        ("/face/embed", {"image_b64": png_header(20_000, 20_000)}),
        ("/face/embed", {"image_b64": jpeg_that_claims(65_000, 65_000)}),
        ("/doc/ocr", {"image_b64": webp_that_claims(1 << 24, 1 << 24)}),
        ("/face/embed", {"image_b64": room}),
        ("/face/embed", {"image_b64": jpeg_with_scans(100_000)}),
        ("/audio/enroll", {"audio_b64": mp4_that_claims(60_000_000)}),
        ("/audio/enroll", {"audio_b64": hour}),
        ("/audio/diarize", {"audio_b64": bytes(2 * 8000 * 120), "sample_rate": 8000}),
    ]

    def throw() -> None:
        for path, body in bombs:
            status, _ = client.post(path, **body)
            assert status in (413, 422)

    throw()
    before = memory(daemon)
    for _ in range(3):
        throw()
    after = memory(daemon)
    assert {name: after[name] - before[name] > MOST_GROWTH for name in before} == dict.fromkeys(before, False)
