"""RTP payloads of VP9 and AV1, which aiortc does not send: FFmpeg's muxer makes them.

It writes what RFC 9628 and the AV1 payload format ask for and no more: no picture ids, no layers.
"""

from fractions import Fraction
from typing import Any

import av
from aiortc import rtcrtpsender
from aiortc.codecs import CODECS, get_encoder
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters

from .clips import FPS

MAX_PACKET_BYTES = 1200
RTP_HEADER_BYTES = 12
RTCP_TYPES = range(64, 96)  # without the marker bit (RFC 5761 section 4)


class Packetizer:
    """Cuts one stream's encoded frames, "vp9" or "av1"."""

    def __init__(self, codec: str) -> None:
        self._packets: list[bytes] = []
        options = {"packetsize": str(MAX_PACKET_BYTES), "strict": "experimental"}
        self._muxer = av.open(self, "w", format="rtp", options=options)
        self._stream: Any = self._muxer.add_mux_stream(codec, rate=FPS)
        self._next = 0

    def write(self, data: bytes) -> int:
        """Where the muxer's packets go, one a call."""
        self._packets.append(bytes(data))
        return len(data)

    def payloads(self, frame: bytes) -> list[bytes]:
        """The payloads of an encoded frame."""
        self._packets.clear()
        packet = av.Packet(frame)
        packet.stream, packet.pts, packet.dts = self._stream, self._next, self._next
        packet.time_base = Fraction(1, FPS)
        self._next += 1
        self._muxer.mux(packet)
        return [data[RTP_HEADER_BYTES:] for data in self._packets if not _is_rtcp(data)]


def _is_rtcp(data: bytes) -> bool:
    return data[1] & 0x7F in RTCP_TYPES


class PackedEncoder:
    """Stands where aiortc has its encoders: frames are encoded already."""

    def __init__(self, codec: str) -> None:
        self._packetizer = Packetizer(codec)

    def pack(self, packet: "av.Packet[Any]") -> tuple[list[bytes], int]:
        """A frame's payloads and its RTP timestamp."""
        return self._packetizer.payloads(bytes(packet)), packet.pts or 0


def teach_aiortc() -> None:
    """Let aiortc send encoded VP9 and AV1 in this process."""
    if any(codec.mimeType == "video/VP9" for codec in CODECS["video"]):
        return
    feedback = [RTCRtcpFeedback("nack"), RTCRtcpFeedback("nack", "pli"), RTCRtcpFeedback("goog-remb")]
    for payload_type, name in ((120, "VP9"), (122, "AV1")):
        CODECS["video"] += [
            RTCRtpCodecParameters(f"video/{name}", 90_000, None, payload_type, feedback),
            RTCRtpCodecParameters(
                "video/rtx", 90_000, None, payload_type + 1, parameters={"apt": payload_type}
            ),
        ]

    def encoder(codec: RTCRtpCodecParameters) -> Any:
        name = codec.name.lower()
        return PackedEncoder(name) if name in ("vp9", "av1") else get_encoder(codec)

    rtcrtpsender.get_encoder = encoder  # type: ignore[attr-defined]
