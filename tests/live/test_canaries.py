"""What callers send of people comes out in answers alone: in no log, metric, event, result or error text.
Once their sessions are deleted it is in no file and in no shared memory either.

One daemon, logging all it can, with a token and with language models that repeat what they are asked.
"""

import asyncio
import base64
import contextlib
import json
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from aiortc import RTCPeerConnection

from argusd.interviewer_bridge.events import bearer
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import Daemon, started
from ..scheduler.pages import card, page, png
from ..task_client import Answer, Client
from ..waiting import LONGEST_S
from . import canaries, traces
from .canaries import (
    IN_PICTURE,
    IN_REQUEST,
    IN_SOUND,
    PRINTED,
    SPOKEN,
    TOKEN,
    WRONG_TOKEN,
    Canary,
    found_in,
)
from .language_models import language_models

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(900)]

TRANSCRIPT = f"Well, I met {SPOKEN} in the hall and, um, we fixed the index together. " * 5
RUDE = f"That bullshit again, {SPOKEN}."
SDP_TYPE, FRAGMENT_TYPE = "application/sdp", "application/trickle-ice-sdpfrag"


class Heard:
    """Everything that the daemon has said, by where: what it may say, and what it may not.

    ``held`` lay in its files and shared memory while the sessions were there, ``left`` when they had been
    deleted; ``dumped`` is what crashes would show.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.planted: list[Canary] = []
        self.said: dict[str, bytes] = {}
        self.held: dict[str, bytes] = {}
        self.left: dict[str, bytes] = {}
        self.dumped: dict[str, tuple[int, int]] = {}


@pytest.fixture(scope="module")
def heard(models: ZooStore, media: Path, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    state_dir = tmp_path_factory.mktemp("c")
    heard = Heard()
    with language_models() as address, (state_dir / "daemon.log").open("wb") as log:
        settings = {
            "LOG_LEVEL": "debug",
            "API__TOKENS": f'[{{secret = "{TOKEN}"}}]',
            "API__LLM": profiles(address),
        }
        with started(state_dir, log, **settings) as daemon:
            ask_everything(daemon, heard, media, models)
            asyncio.run(stream_everything(daemon, heard, media))
            asyncio.run(listen_everywhere(daemon, heard))
            heard.dumped = traces.dumped(daemon)
            heard.held["files"] = traces.stored(state_dir)
            asyncio.run(delete_everything(daemon))
            heard.left = {
                "files": traces.stored(state_dir),
                "shared memory": traces.shared(daemon.child("api")),
            }
            daemon.process.send_signal(signal.SIGTERM)
            daemon.process.wait(LONGEST_S)
    for path in state_dir.rglob("*.log"):
        heard.said[f"log {path.name}"] = path.read_bytes()
    return heard


def profiles(address: str) -> str:
    """Language models: one that is down, and one for each way of answering."""
    key = canaries.MODEL_KEY
    down = f'down = {{model = "m", base_url = "http://127.0.0.1:1/v1", api_key = "{key}", timeout_s = 20}}'
    ways = [
        f'{way} = {{model = "m", base_url = "{address}/{way}/v1", api_key = "{key}", timeout_s = {seconds}}}'
        for way, seconds in (("good", 60), ("slow", 1), ("echo", 20), ("rambling", 20))
    ]
    return "{" + ", ".join([down, *ways]) + "}"


def ask_everything(daemon: Daemon, heard: Heard, media: Path, models: ZooStore) -> None:
    """Every task with something to keep to itself, and every way to be refused with it."""
    client = Client(daemon, TOKEN)
    person = np.asarray(cv2.imread(str(media / "biden.jpg")), np.uint8)
    face, speech = canaries.marked_jpeg(person), (media / "speech" / "FEE078-0000.flac").read_bytes()
    voice = speech + IN_SOUND
    ids = card(person[100:700, 300:880], (f"P<UTO{PRINTED}<<ANNA<<<<<<<<<<<<<<<<<<<<<<<<<<",))

    def ask(name: str, path: str, **body: Any) -> dict[str, Any]:
        answer = heard.answers[name] = client.post(path, **body)
        return answer[1]

    seen = ask("face_embed", "/face/embed", image_b64=face)["result"]["embedding_b64"]
    spoken = ask("audio_enroll", "/audio/enroll", audio_b64=speech)["result"]["embedding_b64"]
    plant(heard, seen, spoken)
    ask("face_verify", "/face/verify", image_b64=face, reference_embedding_b64=seen)
    ask("audio_verify", "/audio/verify", audio_b64=speech, reference_embedding_b64=spoken)
    ask("audio_diarize", "/audio/diarize", audio_b64=speech)
    ask("room_frame", "/video/room-scan/frame", scan_id="c", frame_b64=face)
    ask("room_end", "/video/room-scan/complete", scan_id="c")
    ask("room_left", "/video/room-scan/frame", scan_id="never-ended", frame_b64=face)
    ask("doc_id_verify", "/doc/id-verify", id_image_b64=png(ids), face_image_b64=face)
    ask("doc_ocr", "/doc/ocr", image_b64=png(page([PRINTED])))
    for profile in ("good", "down", "slow", "echo", "rambling"):
        ask(f"plagiarism {profile}", "/analysis/plagiarism", transcript=TRANSCRIPT, llm_profile=profile)
        ask(f"moderate {profile}", "/analysis/moderate", text=RUDE, llm_profile=profile)
    refuse_everything(ask, face, voice, seen, spoken)
    status, answer = heard.answers["wrong token"] = Client(daemon, WRONG_TOKEN).post(
        "/face/embed", image_b64=face
    )
    assert (status, answer["error_code"]) == (401, "unauthorized")


def plant(heard: Heard, seen: str, spoken: str) -> None:
    heard.planted += [
        canaries.text("transcript", SPOKEN),
        canaries.text("text on a picture", PRINTED),
        canaries.text("token", TOKEN),
        canaries.text("wrong token", WRONG_TOKEN),
        canaries.text("key of a language model", canaries.MODEL_KEY),
        canaries.text("SDP line", canaries.SDP),
        canaries.text("ICE password", canaries.ICE_PASSWORD),
        canaries.text("field", IN_REQUEST),
        canaries.data("picture", IN_PICTURE),
        canaries.data("sound", IN_SOUND),
        canaries.data("face embedding", base64.b64decode(seen)[96:136]),
        canaries.data("voice embedding", base64.b64decode(spoken)[96:136]),
    ]


def refuse_everything(ask: Any, face: bytes, voice: bytes, seen: str, spoken: str) -> None:
    """Requests that are refused because of what they hold."""
    half = base64.b64encode(base64.b64decode(seen)[:200]).decode()
    half_voice = base64.b64encode(base64.b64decode(spoken)[:200]).decode()
    ask("no picture", "/face/embed", image_b64=IN_PICTURE * 9)
    ask("cut picture", "/face/embed", image_b64=face[:9000])
    ask("cut page", "/doc/ocr", image_b64=IN_PICTURE * 9)
    ask("no base64", "/face/embed", image_b64=f"%{IN_REQUEST}%")
    ask("wrong type", "/face/verify", image_b64=face, reference_embedding_b64=seen, threshold=IN_REQUEST)
    ask("half a face", "/face/verify", image_b64=face, reference_embedding_b64=half)
    ask("half a voice", "/audio/verify", audio_b64=voice, reference_embedding_b64=half_voice)
    ask("no sound", "/audio/enroll", audio_b64=IN_SOUND * 9)
    ask("broken sound", "/audio/diarize", audio_b64=b"fLaC" + IN_SOUND * 9)
    hiss = np.random.default_rng(1).integers(-900, 900, 32_000, np.int16).tobytes()
    ask("noise", "/audio/enroll", audio_b64=hiss + 2 * IN_SOUND, sample_rate=16_000)
    ask("text for sound", "/audio/enroll", audio_b64=IN_SOUND * 4000, sample_rate=16_000)
    ask("address", "/analysis/plagiarism", transcript=SPOKEN, proxyllm_url=f"http://{IN_REQUEST}.example/")
    ask("no text", "/analysis/moderate", text=[SPOKEN])
    ask("too much", "/analysis/moderate", text=SPOKEN * 20_000)
    ask("no time", "/doc/ocr", image_b64=face, timeout_s=0.001)


async def stream_everything(daemon: Daemon, heard: Heard, media: Path) -> None:
    """Every stream with media that hold canaries and under policies that do; then what no stream takes."""
    seen = heard.answers["face_embed"][1]["result"]["embedding_b64"]
    spoken = heard.answers["audio_enroll"][1]["result"]["embedding_b64"]
    policy = {
        "identity": {"reference_embedding_b64": seen, "period_s": 0.2, "start_after_s": 0.2},
        "second_speaker": {"reference_embedding_b64": spoken},
    }
    other = canaries.marked_jpeg(np.asarray(cv2.imread(str(media / "obama2.jpg")), np.uint8))
    sound = (IN_SOUND * 200)[:3200]
    async with aiohttp.ClientSession(daemon.url, headers=bearer(TOKEN)) as http:
        for session in ("s-face", "s-audio", "s-video"):
            async with http.put(f"/sessions/{session}", json={"policy": policy}) as response:
                assert response.status in (200, 201), await response.text()
        await converse(http, "/ml/stream/s-face/face", other, "identity_mismatch")
        await converse(http, "/ml/stream/s-video/video", other)
        await converse(http, "/audio/stream/s-audio", sound)
        async with http.ws_connect("/ml/stream/s-face/face") as socket:
            await socket.send_bytes(other)
            await socket.receive_json()
            heard.held["shared memory"] = traces.shared(daemon.child("api"))
        for path, message in (
            ("/ml/stream/s-bad1/face", IN_PICTURE),
            ("/ml/stream/s-bad2/face", IN_REQUEST),
            ("/ml/stream/s-bad3/audio", IN_SOUND),
            ("/ml/stream/s-bad4/lipsync", json.dumps({"type": IN_REQUEST, "data_b64": SPOKEN, "ts": 1.0})),
        ):
            heard.said[f"refusal at {path}"] = await refusal(http, path, message)
        await offer_everything(http, heard)


async def converse(http: aiohttp.ClientSession, path: str, message: bytes, until: str = "") -> None:
    """Send a message again and again, until an answer tells this violation, or any one came."""
    async with http.ws_connect(path) as socket:

        async def send() -> None:
            while True:
                await socket.send_bytes(message)
                await asyncio.sleep(0.1)  # a camera's pace, not a wait

        sending = asyncio.create_task(send())
        try:
            while until not in (answer := await socket.receive_json()).get("violations", [until]) and until:
                assert "error" not in answer, answer
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def refusal(http: aiohttp.ClientSession, path: str, message: bytes | str) -> bytes:
    async with http.ws_connect(path) as socket:
        await (socket.send_bytes(message) if isinstance(message, bytes) else socket.send_str(message))
        reply: str = (await socket.receive()).data
    assert json.loads(reply)["success"] is False
    return reply.encode()


async def offer_everything(http: aiohttp.ClientSession, heard: Heard) -> None:
    """A real peer's offer that is accepted, its candidates, and offers that are not."""
    peer = RTCPeerConnection()
    peer.addTransceiver("video", "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    lines = peer.localDescription.sdp.splitlines()
    await peer.close()
    hidden = [
        f"a=ice-pwd:{canaries.ICE_PASSWORD}" if line.startswith("a=ice-pwd") else line for line in lines
    ]
    good = "\r\n".join([*hidden, f"a=x-note:{canaries.SDP}", ""])
    ufrag = next(line for line in lines if line.startswith("a=ice-ufrag"))
    async with http.post("/whip/s-whip", data=good, headers={"Content-Type": SDP_TYPE}) as response:
        assert response.status == 201, await response.text()
        resource = response.headers["Location"]
    for fragment in (f"{ufrag}\r\na=candidate:{canaries.SDP}\r\n", f"a=ice-ufrag:{canaries.SDP}\r\n"):
        async with http.patch(resource, data=fragment, headers={"Content-Type": FRAGMENT_TYPE}) as response:
            heard.said[f"PATCH {response.status}"] = await response.read()
    async with http.delete(resource) as response:
        assert response.status == 200
    bad = (canaries.SDP, f"v=0\r\na=x-note:{canaries.SDP}\r\n", good[: len(good) // 2])
    for number, offer in enumerate(bad):
        async with http.post(
            f"/whip/s-bad{number}", data=offer, headers={"Content-Type": SDP_TYPE}
        ) as response:
            assert response.status in (400, 422), await response.text()
            heard.said[f"offer {number}"] = await response.read()


async def listen_everywhere(daemon: Daemon, heard: Heard) -> None:
    """What anybody may read who is allowed to: metrics, events, sessions, results, readiness."""
    async with aiohttp.ClientSession(daemon.url, headers=bearer(TOKEN)) as http:
        for path in ("/metrics", "/ready", "/sessions", "/openapi.json", "/"):
            async with http.get(path) as response:
                heard.said[path] = await response.read()
        for session in ("s-face", "s-audio", "s-video", "s-whip", "sched_abc123"):
            for path in (f"/sessions/{session}", f"/sessions/{session}/results"):
                async with http.get(path) as response:
                    heard.said[path] = await response.read()
        async with http.get("/events", headers={"Last-Event-ID": "0"}) as response:
            heard.said["/events"] = await everything_now(response)
    for name, (status, answer) in heard.answers.items():
        if status != 200:
            heard.said[f"error of {name}"] = json.dumps(answer).encode()


async def delete_everything(daemon: Daemon) -> None:
    """Every session, and the one that only tasks were in."""
    async with aiohttp.ClientSession(daemon.url, headers=bearer(TOKEN)) as http:
        async with http.get("/sessions") as response:
            known = [each["session_id"] for each in (await response.json())["sessions"]]
        assert {"s-face", "s-audio", "s-video", "s-whip"} <= set(known)
        for session in (*known, "sched_abc123"):
            async with http.delete(f"/sessions/{session}") as response:
                assert response.status == 204, session


async def everything_now(response: aiohttp.ClientResponse) -> bytes:
    """The events so far: up to the first comment, which comes when there is nothing to tell."""
    told = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_S):
            while b"\n:" not in told:
                told += await response.content.readany()
    return told


def wanted(answers: Mapping[str, Answer]) -> dict[str, tuple[int, str | None]]:
    return {name: (status, answer.get("error_code")) for name, (status, answer) in answers.items()}


def test_everything_was_asked_and_answered(heard: Heard) -> None:
    """Else the rest of this file would prove nothing."""
    codes = wanted(heard.answers)
    refusals = {
        "no picture": (422, "bad_image"),
        "cut picture": (422, "bad_image"),
        "cut page": (422, "bad_image"),
        "no base64": (422, "invalid_field"),
        "wrong type": (422, "invalid_field"),
        "half a face": (422, "embedding_size"),
        "half a voice": (422, "embedding_size"),
        "no sound": (422, "bad_audio"),
        "broken sound": (422, "bad_audio"),
        "noise": (422, "no_speech"),
        "text for sound": (422, "bad_audio"),
        "address": (422, "llm_profile_unknown"),
        "no text": (422, "invalid_field"),
        "too much": (422, "invalid_field"),
        "no time": (504, "deadline_exceeded"),
        "wrong token": (401, "unauthorized"),
    }
    assert {name: code for name, code in codes.items() if code != (200, None)} == refusals
    assert b"identity_mismatch" in heard.said["/events"]
    assert b"ml_infer_duration_seconds" in heard.said["/metrics"]
    assert b"DEBUG" in heard.said["log daemon.log"]


@pytest.mark.parametrize("task", ["plagiarism", "moderate"])
@pytest.mark.parametrize(
    ("profile", "state"),
    [
        ("good", "ok"),
        ("down", "llm_unavailable"),
        ("slow", "llm_timeout"),
        ("echo", "llm_unavailable"),
        ("rambling", "llm_bad_answer"),
    ],
)
def test_a_language_model_that_fails_leaves_what_needs_none(
    heard: Heard, task: str, profile: str, state: str
) -> None:
    status, answer = heard.answers[f"{task} {profile}"]
    assert (status, answer["success"], answer["result"]["llm"]) == (200, True, state)
    result = answer["result"]
    if task == "plagiarism":
        assert result["llm_verdict"] == ("original" if state == "ok" else None)
        assert 0 <= result["risk_score"] <= 1
    else:
        assert result["action"] == "warn"  # a rule matched; nobody talks it down


def test_canaries_are_found_where_they_may_be(heard: Heard) -> None:
    """Answers go to who asked. That they sing there shows that they could be heard elsewhere."""
    told = {name: json.dumps(answer).encode() for name, (_, answer) in heard.answers.items()}
    assert found_in(told["doc_ocr"], heard.planted) == {"text on a picture"}
    assert found_in(told["face_embed"], heard.planted) == {"face embedding"}
    assert found_in(told["audio_enroll"], heard.planted) == {"voice embedding"}
    for canary in heard.planted:
        assert found_in(b"12:00:00 DEBUG " + canary.forms[0], [canary]) == {canary.name}


def test_nothing_comes_out_elsewhere(heard: Heard) -> None:
    sung = {place: found_in(said, heard.planted) for place, said in heard.said.items()}
    assert {place: names for place, names in sung.items() if names} == {}


def test_of_deleted_sessions_nothing_is_left(heard: Heard) -> None:
    held = {place: found_in(bytes_, heard.planted) for place, bytes_ in heard.held.items()}
    assert held == {"files": {"face embedding", "voice embedding"}, "shared memory": {"picture"}}
    assert {place: found_in(bytes_, heard.planted) for place, bytes_ in heard.left.items()} == {
        "files": set(),
        "shared memory": set(),
    }
    assert b"never-ended" in heard.held["files"]
    assert b"never-ended" not in heard.left["files"]


def test_a_crash_dumps_no_memory(heard: Heard) -> None:
    kinds = {"api", "ingest", "scheduler", "redis-server"}
    assert {kind for kind in kinds if any(kind in process for process in heard.dumped)} == kinds
    assert {process: dump for process, dump in heard.dumped.items() if dump != (0, 0)} == {}
