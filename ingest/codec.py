"""What the receiver knows of a video codec: to put frames together and to judge them undecoded."""

from collections.abc import Callable
from typing import NamedTuple

from . import h264, vp8
from .bitstream import Fragment, FrameHead


class VideoCodec(NamedTuple):
    """A codec: ``decoder`` is FFmpeg's name for its decoder; both functions raise ValueError on damage."""

    decoder: str
    depayload: Callable[[bytes], Fragment]
    inspect: Callable[[bytes], FrameHead]


# FFmpeg's own VP8 decoder costs less than libvpx behind FFmpeg, and honours max_pixels.
VIDEO_CODECS = {
    "vp8": VideoCodec("vp8", vp8.depayload, vp8.inspect),
    "h264": VideoCodec("h264", h264.depayload, h264.inspect),
}
