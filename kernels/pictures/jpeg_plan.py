"""How a JPEG will be decoded, from its header: how large, and turned how. Needs no imaging library.

A JPEG can be decoded at a half, a quarter or an eighth of its size for less than the whole would cost, so one
that is too large becomes smaller. That has bounds, too: coded pixels take time, and a progressive JPEG, or
one whose components come in scans of their own, lies in memory as a whole before its first pixel is known.
Time for every scan grows with the picture and not with the bytes, so that scans are counted.
"""

from typing import NamedTuple

from ..errors import BadImage, ImageTooLarge
from .exif import TURNED, orientation
from .jpeg_header import (
    END_MARKER,
    FRAME_MARKERS,
    SCAN_MARKER,
    ImageSize,
    Segment,
    frame_size,
    segments,
)

LIVE_PIXELS = 3840 * 2160  # of a stream's picture
REDUCTIONS = (1, 2, 4, 8)
PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
SEQUENTIAL_TIMES, BUFFERED_TIMES = 8.0, 1.5  # of the pixels allowed, before they are reduced
MOST_SCANS = 64
BITS = 8


class JpegPlan(NamedTuple):
    """``size``: as decoded at 1/``reduction``, not yet turned by ``orientation``. ``whole``: not cut off."""

    size: ImageSize
    reduction: int
    orientation: int
    whole: bool

    @property
    def seen(self) -> ImageSize:
        """The size once it is turned."""
        return ImageSize(*self.size[::-1]) if self.orientation in TURNED else self.size


def plan_jpeg(data: bytes, max_pixels: int) -> JpegPlan:
    """Plan to decode no more than ``max_pixels``.

    Raises:
        BadImage: not a JPEG, a damaged one, or one with more than 8 bits a sample or too many scans.
        ImageTooLarge: its header announces too many pixels even to reduce them.
    """
    found = list(segments(data))
    frame = next((each for each in found if each.marker in FRAME_MARKERS), None)
    if frame is None:
        raise BadImage("the JPEG has no frame header")
    size = frame_size(data, frame)
    if data[frame.begin] != BITS:
        raise BadImage(f"the JPEG has {data[frame.begin]} bits a sample; {BITS} are decoded")
    scans = [each for each in found if each.marker == SCAN_MARKER]
    if len(scans) > MOST_SCANS:
        raise BadImage(f"the JPEG has {len(scans)} scans; it may have {MOST_SCANS}")
    buffered = frame.marker in PROGRESSIVE or (
        bool(scans) and _components(data, scans[0]) < data[frame.begin + 5]
    )
    most = int(max_pixels * (BUFFERED_TIMES if buffered else SEQUENTIAL_TIMES))
    if size.width * size.height > most:
        kind = "a progressive JPEG" if buffered else "a JPEG"
        raise ImageTooLarge(f"{size.width}×{size.height} pixels are more than the {most} allowed for {kind}")
    reduction = next(each for each in REDUCTIONS if _pixels(_reduced(size, each)) <= max_pixels or each == 8)
    whole = bool(scans) and found[-1].marker == END_MARKER
    return JpegPlan(_reduced(size, reduction), reduction, orientation(data), whole)


def _components(data: bytes, scan: Segment) -> int:
    return int.from_bytes(data[scan.begin : scan.begin + 1], "big")


def _reduced(size: ImageSize, by: int) -> ImageSize:
    return ImageSize(-(-size.width // by), -(-size.height // by))


def _pixels(size: ImageSize) -> int:
    return size.width * size.height
