"""Files that callers send: what their headers say, and what is made of them."""

import struct

import cv2
import numpy as np

from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.file_kinds import file_kind
from argusd.kernels.pictures.exif import orientation
from argusd.kernels.pictures.image import decode_image, image_size
from argusd.scheduler.tasks.sound import wav
from argusd.scheduler.tasks.sound.containers import WAVES
from argusd.scheduler.tasks.sound.sound import decode_sound

from .pictures import pictures
from .target import fuzzes
from .text_targets import refused_as_bad

MOST_PIXELS = 1 << 16


@fuzzes("image", pictures)
def image(data: bytes) -> None:
    """No more pixels than are allowed, and of what is said before they are made."""
    try:
        assert orientation(data) in range(1, 9)
        size = image_size(data)
        picture = decode_image(data, MOST_PIXELS)
    except (BadImage, ImageTooLarge):
        return
    assert picture.shape[0] * picture.shape[1] <= MOST_PIXELS
    assert size.width
    assert size.height


def recording(tag: int, bits: int, data: bytes = bytes(64)) -> bytes:
    """A WAV."""
    form = struct.pack("<HHIIHH", tag, 1, 16_000, 16_000 * bits // 8, bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def recordings() -> list[bytes]:
    plain = recording(1, 16)
    return [
        plain,
        recording(3, 32),
        recording(6, 8),
        b"RIFX" + plain[4:],
        b"ID3\x03\0\0\0\0\0\x04tags" + b"\xff\xfb\x90\x64" + bytes(413) + b"\xff\xfb\x90\x64" + bytes(413),
        b"OggS\0\x02" + bytes(22) + b"\x01\x13OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0",
        b"fLaC\0\0\0\x22" + bytes(34),
    ]


@fuzzes("sound", recordings)
def sound(data: bytes) -> None:
    """WAV is read here; of anything else only what it is, since a process of its own decodes that."""
    if file_kind(data) in WAVES:
        with refused_as_bad():
            assert file_kind(wav.mended(data)) == "WAV" or data[:4] == b"RIFX"
            assert decode_sound(data, None).dtype == np.int16


cv2.setNumThreads(1)
