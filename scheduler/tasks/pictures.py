"""A caller's image to pixels."""

import threading
from functools import partial

import numpy as np
from numpy.typing import NDArray

from argusd.kernels.errors import BadImage, ImageTooLarge
from argusd.kernels.pictures.image import decode_image, image_size
from argusd.kernels.pictures.jpeg_header import START_OF_IMAGE

from ..contract.errors import BadPicture, PictureTooLarge
from .decoders import refusing
from .runner import Picture, Runner

MAX_PIXELS = 40_000_000
SMALL_PIXELS = 1280 * 720  # as live pictures have, which batches decode as well: a few milliseconds


async def open_picture(data: bytes, runner: Runner) -> Picture:
    """A caller's image. A small JPEG is decoded by who looks at it first, without a thread of its own.

    Raises:
        ServiceError: ``bad_image``, ``image_too_large``; of a small JPEG when its pixels are asked for.
    """
    if is_small_jpeg(data):
        return EncodedPicture(data)
    return await runner.compute(partial(decode_picture, data))


def is_small_jpeg(data: bytes) -> bool:
    """Whether the header says that decoding takes no longer than a live picture's."""
    if not data.startswith(START_OF_IMAGE):
        return False
    try:
        size = image_size(data)
    except BadImage:
        return False
    return size.width * size.height <= SMALL_PIXELS


class EncodedPicture(Picture):
    """One whose pixels are decoded when they are first asked for; whoever asks meanwhile waits."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._decoded: Picture | None = None
        self._lock = threading.Lock()

    @property
    def bgr(self) -> NDArray[np.uint8]:
        """See ``Picture``."""
        with self._lock:
            if self._decoded is None:
                self._decoded = decode_picture(self._data)
            return self._decoded.bgr


def decode_picture(data: bytes) -> Picture:
    """Decode a JPEG, PNG or WebP, upright by its EXIF orientation. Takes milliseconds: not for the loop.

    A JPEG of more than ``MAX_PIXELS`` becomes smaller; so what is found in pictures is told in parts of them.

    Raises:
        BadPicture: it is none of them, damaged, incomplete or empty.
        PictureTooLarge: it has more than ``MAX_PIXELS``, or a JPEG more than can be reduced to that; only its
            header was read.
    """
    with refusing(BadPicture("The image cannot be decoded.")):
        try:
            return Picture(decode_image(data, MAX_PIXELS))
        except BadImage as error:
            raise BadPicture(f"The image cannot be used: {error}.") from error
        except ImageTooLarge as error:
            raise PictureTooLarge(f"The image is too large: {error}.") from error
