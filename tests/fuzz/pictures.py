"""Small pictures of every kind that is taken."""

import cv2
import numpy as np

PIXELS = np.add.outer(np.arange(12), np.arange(16)).astype(np.uint8)


def encoded(kind: str) -> bytes:
    """The same picture, as a file of this kind."""
    done, data = cv2.imencode(kind, np.dstack([PIXELS] * 3))
    assert done
    return data.tobytes()


JPEG = encoded(".jpg")
EXIF = (
    b"\xff\xd8\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    + JPEG[2:]
)


def pictures() -> list[bytes]:
    """One of each kind, and one that lies on its side."""
    return [JPEG, EXIF, encoded(".png"), encoded(".webp")]
