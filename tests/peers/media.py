"""What the peers' cameras and microphones take: one face the whole time, speech with pauses in between."""

import base64
import json
import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from aiortc.codecs.vpx import Vp8Encoder
from numpy.typing import NDArray

from argusd.daemon.demo.sample import RATE, read_picture, read_sound
from argusd.daemon.demo.scenes import HEIGHT, SPEECH, SWAY_PERIOD_S, WIDTH, shoot
from argusd.scheduler.zoo.store import ZooStore

FPS = 10
# Of the recording: one speaker's turn without a pause.
TURN = SPEECH[0]
SPEECH_S = TURN.end_s - TURN.start_s
PAUSE_S = SWAY_PERIOD_S - SPEECH_S
CLIP_TURNS = 3


class Scene(NamedTuple):
    """A turn of the camera's swaying, RGB u8 ``[HEIGHT, WIDTH, 3]``; speech and a pause, i16 at 48 kHz."""

    pictures: list[NDArray[np.uint8]]
    sound: NDArray[np.int16]


def scene(store: ZooStore) -> Scene:
    """Both go on seamlessly when they are played again."""
    portrait = read_picture(store.path("astronaut"))
    pictures = [shoot(portrait, WIDTH, number / FPS) for number in range(round(SWAY_PERIOD_S * FPS))]
    begin = round(TURN.source_s * RATE)
    turn = read_sound(store.path("two_speakers"))[begin : begin + round(SPEECH_S * RATE)]
    return Scene(pictures, np.concatenate([turn, np.zeros(round(PAUSE_S * RATE), np.int16)]))


def write_camera(scene: Scene, target: Path, bits_per_second: int | None = None) -> None:
    """As a webcam gives them: Motion JPEG; without ``bits_per_second`` as coarse as FFmpeg has it."""
    with av.open(str(target), "w", format="mjpeg") as file:
        stream = file.add_stream("mjpeg", rate=FPS, width=WIDTH, height=HEIGHT, pix_fmt="yuvj420p")
        if bits_per_second is not None:
            stream.bit_rate = bits_per_second
        for frame in pictures(scene, 1):
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def write_picture(scene: Scene, target: Path) -> None:
    """As a page shows it."""
    cv2.imwrite(str(target), cv2.cvtColor(scene.pictures[0], cv2.COLOR_RGB2BGR))


def write_microphone(scene: Scene, target: Path) -> None:
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(scene.sound.tobytes())


def write_clip(scene: Scene, target: Path) -> None:
    """Both as a file: VP8 and Opus in WebM."""
    with av.open(str(target), "w", format="webm") as file:
        video = file.add_stream("libvpx", rate=FPS, options={"deadline": "realtime", "cpu-used": "8"})
        video.codec_context.thread_count = 1  # its threads wait for each other busily
        video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", 800_000
        video.gop_size = 2 * FPS
        audio = file.add_stream("libopus", rate=RATE, layout="mono")
        sound = np.tile(scene.sound, CLIP_TURNS)
        step = RATE // FPS
        for frame in pictures(scene, CLIP_TURNS):
            file.mux(video.encode(frame))
            heard = av.AudioFrame.from_ndarray(
                sound[np.newaxis, frame.pts * step : (frame.pts + 1) * step], format="s16", layout="mono"
            )
            heard.sample_rate, heard.pts, heard.time_base = RATE, frame.pts * step, Fraction(1, RATE)
            file.mux(audio.encode(heard))
        file.mux(video.encode(None))
        file.mux(audio.encode(None))


def pictures(scene: Scene, turns: int) -> Iterator[Any]:
    for number in range(turns * len(scene.pictures)):
        picture = scene.pictures[number % len(scene.pictures)]
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        yield frame


def write_packets(clip: Path, target: Path) -> None:
    """A clip as RTP payloads, one a line as JSON (RFC 7741, RFC 7587), for a peer that cannot encode."""
    with av.open(str(clip)) as file, target.open("w") as lines:
        for packet in file.demux():
            if packet.size:
                lines.writelines(json.dumps(payload) + "\n" for payload in payloads(packet))


def payloads(packet: Any) -> Iterator[dict[str, object]]:
    kind = packet.stream.type
    at_s = max(0.0, float(packet.pts * packet.time_base))
    parts, clock = (Vp8Encoder().pack(packet)[0], 90_000) if kind == "video" else ([bytes(packet)], 48_000)
    for index, part in enumerate(parts):
        yield {
            "kind": kind,
            "at": at_s,
            "timestamp": round(at_s * clock),
            "marker": kind == "video" and index == len(parts) - 1,
            "payload": base64.b64encode(part).decode(),
        }
