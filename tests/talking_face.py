"""A talking face, made: no recording of one may be part of the repository, and none comes with what we use.

The face is real (scikit-image's astronaut), and so is the speech; the mouth is warped so that
its opening follows the speech's own envelope: the jaw below the inner lip moves down, the gap is dark. So it
is known when the mouth moves. It says nothing about lips that form words.
"""

from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

RATE = 16_000
FPS = 25
# Of the portrait (512×512): the part that is shown, and where FaceMesh sees the mouth in it.
LEFT, TOP, SIZE, SHOWN = 105, 5, 240, 480
LIP_Y, CORNER_Y, CHIN_Y, CENTER_X, HALF_WIDTH = 150.0, 141.0, 190.0, 223.5, 20.0
WIDEST = 13.0  # pixels of the portrait
DARK = (28, 22, 48)  # BGR
JAW_HZ = 6.0  # a jaw follows syllables, nothing quicker


class TalkingFace(NamedTuple):
    """BGR pictures ``[480, 480, 3]`` at 25 a second, and i16 sound at 16 kHz, from the same moment on."""

    pictures: list[Picture]
    sound: NDArray[np.int16]


def talking_face(portrait: Picture, speech: NDArray[np.int16], late_s: float = 0.0) -> TalkingFace:
    """``portrait``: BGR ``[512, 512, 3]``. ``speech``: i16 at 16 kHz; the sound is late by ``late_s``."""
    frames = len(speech) * FPS // RATE
    openings = jaw(speech, frames)
    pictures = [spoken(portrait, opening) for opening in openings]
    return TalkingFace(pictures, moved(speech, round(late_s * RATE)))


def jaw(speech: NDArray[np.int16], frames: int) -> NDArray[np.float64]:
    """How far the mouth is open (0..1) in each frame, by the loudness of the speech around it."""
    loud = np.abs(speech / 32768.0) ** 0.6
    size = round(RATE / JAW_HZ / 2)
    smooth = np.convolve(loud, np.hanning(size) / np.hanning(size).sum(), "same")
    open_wide = np.quantile(smooth, 0.97)
    return np.asarray(np.clip(smooth[np.arange(frames) * RATE // FPS] / open_wide, 0, 1), np.float64)


def moved(speech: NDArray[np.int16], by: int) -> NDArray[np.int16]:
    """The same number of samples, later by so many (earlier if negative), silence where there are none."""
    result = np.zeros_like(speech)
    if by >= 0:
        result[by:] = speech[: len(speech) - by]
    else:
        result[:by] = speech[-by:]
    return result


def spoken(portrait: Picture, opening: float) -> Picture:
    """The face with its mouth open by ``opening`` of ``WIDEST``."""
    scale = SHOWN / SIZE
    rows, columns = np.mgrid[0:SHOWN, 0:SHOWN].astype(np.float32)
    x, y = LEFT + (columns + 0.5) / scale - 0.5, TOP + (rows + 0.5) / scale - 0.5
    aside = np.clip(((x - CENTER_X) / HALF_WIDTH) ** 2, 0, 1)
    lip = LIP_Y + (CORNER_Y - LIP_Y) * aside
    drop = WIDEST * opening * (1 - aside)
    # Below the lip the jaw moves down as one, pressed together towards the throat, where nothing moves.
    depth = CHIN_Y - lip
    unmoved = lip + np.maximum(y - lip - drop, 0) * depth / (depth - drop)
    source_y = np.where((y > lip) & (y < CHIN_Y), unmoved, y).astype(np.float32)
    picture = cv2.remap(portrait, x, source_y, cv2.INTER_LINEAR)
    gap = (y > lip) & (y < lip + drop)
    picture[gap] = DARK
    return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8)


def write_clip(face: TalkingFace, target: Path) -> None:
    """The same as a file: VP8 and Opus in WebM."""
    with av.open(str(target), "w", format="webm") as clip:
        video = clip.add_stream("libvpx", rate=FPS, options={"deadline": "realtime", "cpu-used": "-8"})
        video.codec_context.thread_count = 1  # its threads wait for each other busily
        video.width = video.height = SHOWN
        video.pix_fmt, video.bit_rate = "yuv420p", 1_500_000
        audio = clip.add_stream("libopus", rate=RATE, layout="mono")
        step = RATE // FPS
        for number, picture in enumerate(face.pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            clip.mux(video.encode(frame))
            sound = av.AudioFrame.from_ndarray(
                face.sound[np.newaxis, number * step : (number + 1) * step], format="s16", layout="mono"
            )
            sound.sample_rate, sound.pts, sound.time_base = RATE, number * step, Fraction(1, RATE)
            clip.mux(audio.encode(sound))
        clip.mux(video.encode(None))
        clip.mux(audio.encode(None))
