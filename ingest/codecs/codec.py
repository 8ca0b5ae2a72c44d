"""What the receiver knows of a video codec: to put frames together and to judge them undecoded."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import av

from . import av1, h264, vp8, vp9
from .bitstream import Fragment, FrameHead


class VideoCodec(NamedTuple):
    """A codec: ``decoder`` is FFmpeg's name for its decoder; the functions raise ValueError on damage.

    ``join`` makes a frame of what ``depayload`` left of its packets. ``discardable``: whether a frame's last
    packet says that no other frame is predicted from it.
    """

    decoder: str
    depayload: Callable[[bytes], Fragment]
    join: Callable[[Sequence[bytes]], bytes]
    inspect: Callable[[bytes], FrameHead]
    discardable: Callable[[bytes], bool] = lambda _payload: False


def decodable(codecs: Mapping[str, VideoCodec], decoders: Collection[str]) -> dict[str, VideoCodec]:
    """The codecs among these whose decoder is there: builds of FFmpeg differ, most of all in AV1's."""
    return {name: codec for name, codec in codecs.items() if codec.decoder in decoders}


# FFmpeg's own decoders and dav1d honour max_pixels before they take memory; libvpx behind FFmpeg does not.
# FFmpeg's VP8 costs less than libvpx, its VP9 a tenth more.
VIDEO_CODECS = decodable(
    {
        "vp8": VideoCodec("vp8", vp8.depayload, b"".join, vp8.inspect, vp8.discardable),
        "h264": VideoCodec("h264", h264.depayload, b"".join, h264.inspect, h264.discardable),
        "vp9": VideoCodec("vp9", vp9.depayload, vp9.join, vp9.inspect),
        "av1": VideoCodec("libdav1d", av1.depayload, av1.join, av1.inspect),
    },
    av.codecs_available,
)
