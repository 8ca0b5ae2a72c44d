"""What ingest receives: codecs, feedback, header extensions. Offers are answered by these tables alone.

To receive another codec, add a line to ``KNOWN`` (and its depayloader to ``VIDEO_CODECS`` in codec.py). To
use another RTCP feedback message or header extension, add it to ``FEEDBACK`` or ``EXTENSIONS``: it is then in
every answer whose offer has it, and ``Agreement.extension`` tells the id that was agreed upon. Pure.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from argusd.scheduler.contract.media import TrackKind

from ..codecs import av1, h264, vp9
from ..codecs.codec import VIDEO_CODECS
from ..decoding.picture_limit import PictureLimit

ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"

Parameters = Mapping[str, str]
"""A payload type's format parameters (``a=fmtp``), names in lower case."""


def takes_all(_offered: Parameters) -> bool:
    """For a codec that decodes whatever its parameters announce."""
    return True


def nothing(_offered: Parameters) -> bytes:
    """For a codec whose stream holds all that its decoder needs."""
    return b""


def says_nothing(_answered: Parameters, _limit: PictureLimit) -> dict[str, str]:
    """For a codec that has no words for how large a picture may be, or that repeats them."""
    return {}


def says_frame_size(_answered: Parameters, limit: PictureLimit) -> dict[str, str]:
    """``max-fs`` of VP8 (RFC 7741 section 6.1) and VP9 (RFC 9628 section 7.1)."""
    return {"max-fs": str(limit.macroblocks)}


def says_level(answered: Parameters, limit: PictureLimit) -> dict[str, str]:
    """The level of H.264, in its ``profile-level-id``."""
    return h264.limited_level(answered, limit.macroblocks)


class Codec(NamedTuple):
    """A codec that ingest decodes.

    ``name`` is the encoding name of its ``a=rtpmap`` in lower case, ``label`` what a sentence calls it. Among
    the codecs of an offer those with a lower ``rank`` come first in the answer, and those of one rank in the
    offer's order. ``takes`` judges the parameters of the offer; ``echoed`` are those that the answer repeats,
    and ``limits`` makes those that tell the sender how large a picture may be; ``out_of_band`` is what of the
    offer's belongs before the first keyframe.
    """

    kind: TrackKind
    name: str
    clock_rate: int
    label: str
    rank: int = 0
    takes: Callable[[Parameters], bool] = takes_all
    echoed: tuple[str, ...] = ()
    out_of_band: Callable[[Parameters], bytes] = nothing
    limits: Callable[[Parameters, PictureLimit], dict[str, str]] = says_nothing


KNOWN = (
    Codec("video", "vp8", 90_000, "VP8", limits=says_frame_size),
    Codec(
        "video",
        "h264",
        90_000,
        "H264 (baseline, main or high profile, packetization mode 0 or 1)",
        takes=h264.is_decodable,
        # RFC 6184 section 8.2.2: these must be the same in both directions.
        echoed=("level-asymmetry-allowed", "packetization-mode", "profile-level-id"),
        out_of_band=h264.parameter_sets,
        limits=says_level,
    ),
    # RFC 9628 section 6.2: an answer has the profile of its offer.
    Codec(
        "video",
        "vp9",
        90_000,
        "VP9 (profile 0)",
        1,
        vp9.is_decodable,
        ("profile-id",),
        limits=says_frame_size,
    ),
    # As AV1's payload format has it (section 7.2.3); level and tier are bounds, ours as high as the offer's.
    Codec(
        "video", "av1", 90_000, "AV1 (main profile)", 2, av1.is_decodable, ("profile", "level-idx", "tier")
    ),
    Codec("audio", "opus", 48_000, "Opus"),
)
CODECS = tuple(codec for codec in KNOWN if codec.kind == "audio" or codec.name in VIDEO_CODECS)

FEEDBACK: Mapping[TrackKind, tuple[str, ...]] = {
    "video": ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc"),
    "audio": ("transport-cc",),
}

EXTENSIONS: Mapping[TrackKind, tuple[str, ...]] = {
    "video": (ABS_SEND_TIME, TRANSPORT_CC, VIDEO_ORIENTATION, RID, REPAIRED_RID),
    "audio": (TRANSPORT_CC,),
}
