"""Pictures that are transparent in parts, as they look on paper.

What lies under transparent pixels is whatever a program left there, often black: black writing on it would be
lost. PNG says so by its colour type or a tRNS chunk before the pixels (W3C PNG, 11.2.1 and 11.3.1.1), WebP by
a flag (RFC 9649, 2.7 and 3.4).
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

PNG_COLOUR_TYPE, WITH_ALPHA = 25, (4, 6)
WEBP_KIND, WEBP_FLAGS, ALPHA_FLAG = slice(12, 16), 20, 0x10
VP8L_BITS, ALPHA_BIT = slice(21, 25), 28
WHITE = 255
ROWS = 256  # at a time, so that copies stay small


def has_alpha(data: bytes) -> bool:
    """Whether a PNG or WebP says that it is transparent in parts."""
    if data.startswith(b"\x89PNG"):
        return data[PNG_COLOUR_TYPE] in WITH_ALPHA or data.find(b"tRNS", 0, data.find(b"IDAT")) > 0
    if data[WEBP_KIND] == b"VP8L":
        return bool(int.from_bytes(data[VP8L_BITS], "little") >> ALPHA_BIT & 1)
    return data[WEBP_KIND] == b"VP8X" and bool(data[WEBP_FLAGS] & ALPHA_FLAG)


def on_white(pixels: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.uint8]:
    """BGRA ``[height, width, 4]`` of 8 or 16 bits, or grey or BGR of either, to BGR u8 on white."""
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR), np.uint8)
    if pixels.shape[2] == 3:
        return np.asarray(pixels, np.uint8)
    seen = np.empty((*pixels.shape[:2], 3), np.uint8)
    for row in range(0, len(pixels), ROWS):
        part = pixels[row : row + ROWS].astype(np.uint16)
        alpha = part[..., 3:]
        seen[row : row + ROWS] = (part[..., :3] * alpha + WHITE * (WHITE - alpha) + WHITE // 2) // WHITE
    return seen
