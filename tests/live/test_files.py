"""The files that people really have tell the daemon what the plain ones do."""

import asyncio
import base64
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av
import numpy as np
import pytest
from aiohttp import ClientSession, WSMsgType
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ..live_daemon import Daemon
from ..pictures import ORIENTATION, saved
from ..sounds import encoded, riff, wav, wav_format
from ..task_client import Client

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

RATE = 16_000
SAME_PICTURE = 0.9  # cosine


@pytest.fixture(scope="module")
def face(media: Path) -> Image.Image:
    return Image.open(media / "biden.jpg").convert("RGB")


@pytest.fixture(scope="module")
def voice(media: Path) -> NDArray[np.int16]:
    with av.open(str(media / "speech" / "FEE078-0000.flac")) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]).astype(np.int16)


def embedding(client: Client, path: str, **body: Any) -> NDArray[np.float32]:
    found = np.frombuffer(base64.b64decode(client.result(path, **body)["embedding_b64"]), "<f4")
    return np.asarray(found / np.linalg.norm(found), np.float32)


@pytest.fixture(scope="module")
def plain_face(client: Client, face: Image.Image) -> NDArray[np.float32]:
    return embedding(client, "/face/embed", image_b64=saved(face, "PNG"))


@pytest.fixture(scope="module")
def plain_voice(client: Client, voice: NDArray[np.int16]) -> NDArray[np.float32]:
    return embedding(client, "/audio/enroll", audio_b64=wav(voice, RATE))


def held(picture: Image.Image, kind: str, number: int, **options: Any) -> bytes:
    """A picture as a camera stores it that is held so, with the tag that says how to turn it back."""
    tag, inverse = Image.Exif(), Image.Exif()
    tag[ORIENTATION], inverse[ORIENTATION] = number, {6: 8, 8: 6}.get(number, number)
    stored = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(picture, "PNG", exif=inverse.tobytes()))))
    return saved(stored.convert("RGB"), kind, exif=tag.tobytes(), **options)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("number", range(1, 9))
def test_a_face_is_known_however_the_camera_was_held(
    client: Client, face: Image.Image, plain_face: NDArray[np.float32], kind: str, number: int
) -> None:
    data = held(face, kind, number, quality=95)
    assert embedding(client, "/face/embed", image_b64=data) @ plain_face > SAME_PICTURE


def test_a_face_in_50_megapixels_is_known(
    client: Client, face: Image.Image, plain_face: NDArray[np.float32]
) -> None:
    large = face.resize((8192, 8192 * face.height // face.width))
    assert large.width * large.height > 40_000_000
    data = saved(large, "JPEG", quality=70)
    assert embedding(client, "/face/embed", image_b64=data) @ plain_face > SAME_PICTURE
    small = client.result(
        "/video/room-scan/frame", scan_id="small", frame_b64=saved(face, "JPEG", quality=95)
    )
    seen = client.result("/video/room-scan/frame", scan_id="large", frame_b64=data)
    assert seen["person_count"] == small["person_count"]
    people = [next(each for each in found["objects"] if each["label"] == "person") for found in (small, seen)]
    np.testing.assert_allclose(people[0]["box"], people[1]["box"], atol=0.05)


def test_base64_in_any_form(client: Client, face: Image.Image, plain_face: NDArray[np.float32]) -> None:
    data = saved(face, "JPEG", quality=95)
    plain = base64.b64encode(data).decode()
    for text in (
        f"data:image/jpeg;base64,{plain}",
        f"data:image/jpeg;base64,{quote(plain, safe='')}",
        base64.urlsafe_b64encode(data).decode().rstrip("="),
        base64.encodebytes(data).decode(),
    ):
        assert embedding(client, "/face/embed", image_b64=text) @ plain_face > SAME_PICTURE


FORMS = [
    ("webm", "libopus", {}),
    ("ogg", "libopus", {}),
    ("mp4", "aac", {}),
    ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    ("adts", "aac", {}),
    ("mp3", "libmp3lame", {}),
    ("matroska", "pcm_s16le", {}),
    ("w64", "pcm_s16le", {}),
    ("aiff", "pcm_s16be", {}),
    ("caf", "pcm_s16be", {}),
    ("flac", "flac", {}),
    ("wav", "pcm_f64le", {}),
]


@pytest.mark.parametrize(("container", "codec", "options"), FORMS)
@pytest.mark.parametrize("said", [None, RATE])
def test_a_voice_is_known_in_any_container(
    client: Client,
    voice: NDArray[np.int16],
    plain_voice: NDArray[np.float32],
    container: str,
    codec: str,
    options: dict[str, str],
    said: int | None,
) -> None:
    body = {"audio_b64": encoded(container, codec, RATE, voice, **options), "sample_rate": said}
    verified = client.result("/audio/verify", reference_embedding_b64=plain_voice.tobytes(), **body)
    assert (verified["match"], verified["score"] > 0.8) == (True, True), verified


def test_a_voice_is_known_whatever_the_channels_and_the_sizes(
    client: Client, voice: NDArray[np.int16], plain_voice: NDArray[np.float32]
) -> None:
    silence = np.zeros_like(voice)
    form = (b"fmt ", wav_format(), None)
    for data in (
        wav(np.stack([voice, -voice]), RATE),
        wav(np.stack([silence, voice]), RATE),
        *(riff(form, (b"data", voice.tobytes(), size), size=size) for size in (0, 0x7FFFFFFF, 0xFFFFFFFF)),
    ):
        verified = client.result(
            "/audio/verify", audio_b64=data, reference_embedding_b64=plain_voice.tobytes()
        )
        assert (verified["match"], verified["score"] > 0.95) == (True, True), verified


def test_two_people_on_two_channels_are_both_heard(client: Client, media: Path) -> None:
    voices = []
    for name in ("FEE078-0000", "MEO069-0000"):
        with av.open(str(media / "speech" / f"{name}.flac")) as container:
            voices.append(np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]))
    first, second = voices
    channels = np.zeros((2, len(first) + len(second)), np.int16)
    channels[0, : len(first)], channels[1, len(first) :] = first, second
    found = client.result("/audio/diarize", audio_b64=wav(channels, RATE), num_speakers=2)
    speakers: dict[bool, set[str]] = {True: set(), False: set()}
    for part in found["segments"]:
        middle_s = (part["start_s"] + part["end_s"]) / 2
        speakers[middle_s < len(first) / RATE].add(part["speaker"])
    assert speakers[True]
    assert speakers[False]
    assert not speakers[True] & speakers[False]


async def answers(daemon: Daemon, path: str, messages: list[bytes], wanted: str) -> Any:
    """The first true value of a stream's answers under this name; ten messages a second are sent."""
    async with ClientSession() as http, http.ws_connect(daemon.url + path) as socket:

        async def send() -> None:
            for message in messages:
                await socket.send_bytes(message)
                await asyncio.sleep(0.1)

        sending = asyncio.create_task(send())
        try:
            async for said in socket:
                if said.type is WSMsgType.TEXT and (value := json.loads(said.data).get(wanted)):
                    return value
            raise AssertionError(f"the socket closed with {socket.close_code}")
        finally:
            sending.cancel()


@pytest.mark.parametrize(
    ("container", "codec"), [("webm", "libopus"), ("ogg", "libopus"), ("wav", "pcm_s16le")]
)
async def test_speech_is_heard_in_what_a_browser_records(
    daemon: Daemon, voice: NDArray[np.int16], container: str, codec: str
) -> None:
    data = encoded(container, codec, RATE, voice)
    size = len(data) * RATE // 10 // len(voice)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert await answers(daemon, f"/ml/stream/browser-{container}/audio", pieces, "has_speech") is True


@pytest.mark.parametrize("number", [3, 6, 8])
async def test_a_stream_sees_a_face_however_the_phone_was_held(
    daemon: Daemon, face: Image.Image, number: int
) -> None:
    data = held(face, "JPEG", number, quality=90)
    assert await answers(daemon, f"/ml/stream/phone-{number}/face", [data] * 300, "face_count") == 1
