"""The sample clip: drawn and encoded once, from a picture and a recording that the model store has.

27 s, 640×480 at 15 frames a second, VP8 and Opus in WebM; what is in it is ``scenes.py``'s business.
"""

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.zoo.store import ZooStore

from .scenes import DURATION_S, FPS, HEIGHT, SPEECH, WIDTH, Picture, draw

RATE = 48_000
BLOCK = 320  # samples encoded at a time; the encoder gathers what Opus takes
BLOCKS_PER_FRAME = RATE // FPS // BLOCK
FADE_S = 0.02
PACK = "sample"
# Part of the file's name: a changed storyboard is another clip.
VERSION = 2


def sample_file(cache_dir: Path) -> Path:
    """Where the clip lies, or is to lie."""
    return cache_dir / "sample" / f"sample-{VERSION}.webm"


def sample_clip(cache_dir: Path) -> Path:
    """The clip's path; it is pulled and made on the first call.

    Raises:
        ZooError: its material cannot be had.
    """
    target = sample_file(cache_dir)
    if not target.exists():
        store = ZooStore(cache_dir)
        store.pull([PACK])
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".{os.getpid()}.tmp")
        try:
            encode(read_picture(store.path("astronaut")), read_sound(store.path("two_speakers")), unfinished)
            unfinished.rename(target)
        finally:
            unfinished.unlink(missing_ok=True)
    return target


def encode(portrait: Picture, recording: NDArray[np.int16], target: Path) -> None:
    """Write the whole clip. ``portrait`` is RGB ``[512, 512, 3]``, ``recording`` i16 ``[n]`` at 48 kHz."""
    with av.open(str(target), "w", format="webm") as clip:
        video = clip.add_stream("libvpx", rate=FPS, options={"deadline": "realtime", "cpu-used": "5"})
        # Threads of this encoder wait for each other busily, and a small picture gives them nothing to do.
        video.codec_context.thread_count = 1
        video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", 1_500_000
        audio = clip.add_stream("libopus", rate=RATE, layout="mono")
        sound = soundtrack(recording)
        for number in range(round(DURATION_S * FPS)):
            frame = av.VideoFrame.from_ndarray(draw(portrait, number / FPS), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            clip.mux(video.encode(frame))
            # Picture and sound side by side in the file: a player does not read far ahead.
            for start in range(number * BLOCKS_PER_FRAME, (number + 1) * BLOCKS_PER_FRAME):
                clip.mux(audio.encode(_audio_frame(sound, start * BLOCK)))
        clip.mux(video.encode(None))
        clip.mux(audio.encode(None))


def soundtrack(recording: NDArray[np.int16]) -> NDArray[np.int16]:
    """The clip's sound, i16 ``[DURATION_S * 48000]``: the storyboard's speech, silence between."""
    sound = np.zeros(round(DURATION_S * RATE), np.int16)
    for speech in SPEECH:
        length = round((speech.end_s - speech.start_s) * RATE)
        start, source = round(speech.start_s * RATE), round(speech.source_s * RATE)
        ramp = np.minimum(np.arange(length), np.arange(length)[::-1]) / (FADE_S * RATE)
        sound[start : start + length] = recording[source : source + length] * np.minimum(ramp, 1.0)
    return sound


def read_picture(path: Path) -> Picture:
    """A picture file as RGB u8 ``[height, width, 3]``."""
    with av.open(str(path)) as file:
        return np.asarray(next(file.decode(video=0)).to_ndarray(format="rgb24"), np.uint8)


def read_sound(path: Path) -> NDArray[np.int16]:
    """A sound file as 48 kHz mono i16 ``[n]``."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(path)) as file:
        frames: list[Any] = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def _audio_frame(sound: NDArray[np.int16], start: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(sound[np.newaxis, start : start + BLOCK], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
    return frame
