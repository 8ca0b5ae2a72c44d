"""What is shown and said to all systems alike: pictures of one person who moves, and windows of speech."""

import wave

import cv2
import numpy as np

from argusd.scheduler.zoo.store import ZooStore

from ..rigs.cache import CACHE

WIDTH, HEIGHT, QUALITY = 640, 480, 85
POSITIONS = 8
WINDOW = 512  # samples of 16 kHz


def pictures() -> list[bytes]:
    """JPEGs of ``WIDTH`` × ``HEIGHT``: a portrait at so many places."""
    store = ZooStore(CACHE)
    store.pull(["astronaut"])
    portrait = cv2.imread(str(store.path("astronaut")))
    assert portrait is not None
    portrait = cv2.resize(portrait, (HEIGHT, HEIGHT))
    margin = WIDTH - HEIGHT
    lefts = np.linspace(0, margin, POSITIONS).round().astype(int).tolist()
    canvases = [
        cv2.copyMakeBorder(portrait, 0, 0, left, margin - left, cv2.BORDER_REPLICATE) for left in lefts
    ]
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    return [bytes(cv2.imencode(".jpg", canvas, options)[1]) for canvas in canvases]


def windows() -> list[bytes]:
    """Speech of two people as s16 mono of 16 kHz, ``WINDOW`` samples a piece."""
    store = ZooStore(CACHE)
    store.pull(["two_speakers"])
    with wave.open(str(store.file("two_speakers", "sample.wav"))) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        samples = sound.readframes(sound.getnframes())
    size = 2 * WINDOW
    return [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
