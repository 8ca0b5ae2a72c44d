"""What clients of streams send, and what a reader of the api's arena finds."""

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.shm.arena import ArenaView
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.media.arena_sources import RingRef


def jpeg(width: int = 64, height: int = 48, quality: int = 90, seed: int = 0) -> bytes:
    """A picture of noise, which is as many bytes as there can be."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.imencode(".jpg", noise, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def with_size(data: bytes, width: int, height: int) -> bytes:
    """The same JPEG, whose header announces another size."""
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[at + 4 :]


def tone(rate: int, seconds: float, hertz: float = 440.0) -> NDArray[np.int16]:
    times = np.arange(round(rate * seconds)) / rate
    return np.round(8000 * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


class Reader:
    """Remembers the rings that a ``Source`` tells of."""

    def __init__(self) -> None:
        self.rings: dict[tuple[MediaKey, TrackKind], RingRef] = {}
        self.opened = 0
        self.states: list[TrackState] = []

    def ring_opened(self, media: MediaKey, ring: RingRef) -> None:
        self.rings[media, ring.kind] = ring
        self.opened += 1

    def track_changed(self, state: TrackState, view: ArenaView) -> None:
        self.states.append(state)

    def ring_closed(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        self.rings.pop((media, kind), None)
