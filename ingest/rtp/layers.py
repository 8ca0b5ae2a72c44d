"""Several streams of one picture (simulcast): which is decoded, and what a retransmission repairs."""

import math
from collections.abc import Callable

from ..codecs.codec import VideoCodec
from ..offers.simulcast import ONE_LAYER, Layers
from .packets import RtpPacket
from .sync_source import RtpStream, SyncSource

# A sender that lacks the bandwidth stops its larger pictures first; few screens change more seldom.
SILENCE_NS = 1_000_000_000
# Packets until a stream has shown a size, asked for it again and again; it may be one that tells none.
SHOWN_WITHIN = 500

Size = tuple[int, int]


class LayerChoice:
    """Chooses the stream with the largest picture that ``fits``, at the moment when a keyframe begins in it.

    A keyframe that begins while another one is still under way counts by its size: of those that a sender
    sends at once, the largest wins. A stream goes on being decoded until a larger one begins or it falls
    silent.
    """

    def __init__(self, fits: Callable[[Size], bool]) -> None:
        self._fits = fits
        self._no_room_for: float = math.inf

    def sees(self, stream: RtpStream, size: Size) -> None:
        """Take in that a keyframe of this size begins."""
        area = size[0] * size[1]
        stream.picture_area = area if self._fits(size) and area < self._no_room_for else 0

    def has_no_room(self, stream: RtpStream) -> None:
        """Take in that shared memory has no room for pictures of this stream: from now on smaller ones do.

        Others may give it back, but whoever tries again drops pictures meanwhile.
        """
        self._no_room_for = stream.picture_area or self._no_room_for
        stream.picture_area = 0

    def prefers(self, stream: RtpStream, current: RtpStream, now_ns: int) -> bool:
        """Whether a stream in which a keyframe begins is to be decoded instead of the current one."""
        area = stream.picture_area or 0
        return area > (current.picture_area or 0) or (area > 0 and _is_silent(current, now_ns))

    def wants_keyframe(self, stream: RtpStream, current: RtpStream, now_ns: int) -> bool:
        """Whether a stream that is not decoded should show its size, or may have to be."""
        if stream.picture_area is None:
            return stream.received <= SHOWN_WITHIN
        return stream.picture_area > 0 and (not current.picture_area or _is_silent(current, now_ns))


def _is_silent(stream: RtpStream, now_ns: int) -> bool:
    return now_ns - stream.last_ns > SILENCE_NS


def keyframe_size(codec: VideoCodec, payload: bytes) -> Size | None:
    """The size of the keyframe that begins with this packet, None where none does."""
    try:
        data, starts_frame = codec.depayload(payload)
        return codec.inspect(codec.join([data])).size if starts_frame else None
    except (ValueError, IndexError):
        return None


class Retransmissions:
    """Which stream a retransmission repairs; the ids are those of its header extensions, 0 for none.

    Without simulcast there is but one. Bounded by the names that were agreed upon.
    """

    def __init__(self, layers: Layers, rid: int, repaired_rid: int) -> None:
        self._layers = layers
        self._rid = rid
        self._repaired_rid = repaired_rid
        self._ssrcs: dict[bytes, int] = dict.fromkeys(map(str.encode, layers.rids), -1)

    @property
    def named(self) -> bool:
        """Whether streams carry names to be taken in."""
        return bool(self._ssrcs)

    def heard(self, packet: RtpPacket) -> None:
        """Take in the name that an original packet may carry; senders leave it out once it is known."""
        name = packet.element(self._rid)
        if name in self._ssrcs:
            self._ssrcs[name] = packet.ssrc

    def original(self, packet: RtpPacket, source: SyncSource) -> int:
        """The SSRC that a retransmission repairs.

        Raises:
            ValueError: nothing tells, or nothing of it was heard yet.
        """
        if self._layers.number == 1:
            return source.ssrc
        ssrc = self._layers.repairs.get(packet.ssrc, -1)
        if ssrc < 0 and self._repaired_rid:
            ssrc = self._ssrcs.get(packet.element(self._repaired_rid), -1)
        if ssrc < 0:
            raise ValueError("nothing tells what the retransmission repairs")
        return ssrc


SOLE_STREAM = Retransmissions(ONE_LAYER, 0, 0)
