"""One video track: from RTP packets to frames for the decoder."""

from collections import Counter
from collections.abc import Sequence

from argusd.scheduler.contract.media import UPRIGHT, Orientation, from_header_extension

from .codecs.codec import VIDEO_CODECS, VideoCodec
from .codecs.parameter_sets import ParameterSets
from .decoding.decoder import DecodeJob, VideoDecoder
from .decoding.scale_down import ScaleDown
from .rtp.assembly import EncodedFrame, FrameAssembler, Part
from .rtp.bandwidth import BandwidthEstimator
from .rtp.feedback import Feedback
from .rtp.gate import KeyframeGate
from .rtp.jitter import ReorderBuffer
from .rtp.layers import LayerChoice, keyframe_size
from .rtp.packets import RtpPacket
from .rtp.sync_source import RtpStream, SyncSource
from .shm.frame import FrameFlag

CLOCK_RATE = 90_000
PATIENCE_NS = 350_000_000
REORDER_CAPACITY = 1024
KEYFRAME_INTERVAL_NS = 500_000_000


class VideoReceiver:
    """Orders, completes and judges a track's packets; runs on the loop and never blocks it.

    ``orientation_id`` is the agreed id of the header extension that tells how a frame is turned, 0 for none.
    Bounded everywhere: the reorder buffer by its capacity, a frame by its bytes, the decoder's queue by the
    gate, the streams by ``layers``: of these the one with the largest picture that fits is decoded.
    """

    def __init__(
        self,
        decoder: VideoDecoder,
        gate: KeyframeGate,
        feedback: Feedback,
        bandwidth: BandwidthEstimator | None,
        orientation_id: int = 0,
        layers: int = 1,
    ) -> None:
        self.source = SyncSource(CLOCK_RATE, layers)
        self._codec: VideoCodec | None = None
        self._decoder = decoder
        self._gate = gate
        self._feedback = feedback
        self._bandwidth = bandwidth
        self._orientation_id = orientation_id
        self._orientation = UPRIGHT
        self._out_of_band = b""
        self._parameter_sets = ParameterSets()
        self._order: ReorderBuffer[Part] = ReorderBuffer(PATIENCE_NS, REORDER_CAPACITY)
        self._assembler = FrameAssembler()
        self._stream: RtpStream | None = None
        self._layered = layers > 1
        self._choice = LayerChoice(gate.fits)
        self._without_room = 0
        self._scale_down = ScaleDown()
        self._keyframe_asked_ns = -KEYFRAME_INTERVAL_NS
        self._wanted = True
        self._dropped: Counter[str] = Counter()

    @property
    def waiting(self) -> bool:
        """Whether ``poll`` has something to do later: a gap in the packets is open."""
        return self._order.waiting

    @property
    def codec(self) -> str:
        """The codec that came last, as offers name it, in lower case; empty before the first packet."""
        return next((name for name, codec in VIDEO_CODECS.items() if codec is self._codec), "")

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the newest picture that was published; None before the first."""
        return self._decoder.size

    @property
    def frames(self) -> int:
        """Frames published."""
        return self._decoder.frames

    @property
    def arrived(self) -> int:
        """Frames published, and those that came while nobody wanted them."""
        return self._decoder.frames + self._dropped["unwanted"]

    @property
    def dropped(self) -> Counter[str]:
        """Frames (and, where so named, packets) that went no further, by reason."""
        assembler, order = self._assembler, self._order
        return +(
            self._dropped
            + Counter(self._decoder.dropped)
            + Counter(
                late_packet=order.late,
                lost_packet=order.lost,
                discarded_packet=order.discarded,
                mid_frame_packet=assembler.mid_frame,
                padding_packet=assembler.padding,
                frame_too_long=assembler.too_long,
                unknown_ssrc_packet=self.source.refused,
            )
        )

    def receive(
        self,
        stream: RtpStream,
        packet: RtpPacket,
        codec: VideoCodec,
        now_ns: int,
        *,
        retransmitted: bool,
        out_of_band: bytes = b"",
    ) -> None:
        """Take a packet of ``stream``; ``poll`` after it where one is missing.

        Another codec, or another stream that is to be decoded, starts anew, from a keyframe. ``out_of_band``
        is what parameter_sets.py may have to put before keyframes.
        """
        number, timestamp = stream.extend(packet)
        if not retransmitted:
            stream.count(number, timestamp, now_ns)
            if self._bandwidth is not None:
                self._estimate(self._bandwidth, packet, now_ns)
        if self._layered and not self._follows(stream, packet, codec, now_ns):
            return
        if stream is not self._stream or codec is not self._codec:
            self._restart(stream, codec)
        self._out_of_band = out_of_band
        starts_frame, data = False, b""
        if packet.payload:
            try:
                data, starts_frame = codec.depayload(packet.payload)
            except ValueError:
                self._dropped["damaged_packet"] += 1
        orientation, discardable = None, False
        if packet.marker:
            orientation = self._read_orientation(packet)
            discardable = bool(packet.payload) and codec.discardable(packet.payload)
        part = Part(number, timestamp, packet.marker, starts_frame, data, now_ns, orientation, discardable)
        self._assemble(self._order.add(number, part, now_ns), now_ns)

    def poll(self, now_ns: int) -> None:
        """Ask again for what is missing; give it up when that took too long."""
        stream = self._stream
        if stream is None:
            return
        while self._order.overdue(now_ns):
            self._assemble(self._order.jump(_starts_frame), now_ns)
            self._gate.lost()
            self._ask_keyframe(stream, now_ns)
        self._request_missing(stream, now_ns)

    def thin(self, pictures_hz: float) -> None:
        """Publish what is of use to who looks at so many pictures a second; from the beginning all."""
        self._decoder.thin(pictures_hz)

    def show_newest(self, now_ns: int) -> None:
        """Publish a picture that waits for the next one, where none comes; to be called now and then."""
        self._decoder.show_newest(now_ns)

    def want(self, wanted: bool, now_ns: int) -> None:
        """Decode, or only follow what comes; from the beginning it is decoded.

        Who wants it again sees nothing from before: it begins with a keyframe, which is asked for. Until
        then, nothing is asked of the sender: neither lost packets nor keyframes.
        """
        if wanted == self._wanted:
            return
        self._wanted = wanted
        self._gate.broken()
        self._dropped["unwanted"] += self._decoder.restart()
        if wanted and self._stream is not None:
            self._ask_keyframe(self._stream, now_ns)

    def decoder_failed(self) -> None:
        """The decoder lost its state; called on the loop."""
        self._gate.broken()

    def _follows(self, stream: RtpStream, packet: RtpPacket, codec: VideoCodec, now_ns: int) -> bool:
        """Whether a packet's stream is the one to decode, now that this packet came."""
        current = self._stream
        if current is not None and self._ran_out_of_room():
            self._choice.has_no_room(current)
        size = keyframe_size(codec, packet.payload)
        if size is not None:
            self._choice.sees(stream, size)
        if current is None or stream is current or self.source.stream is not current:
            return True
        if size is not None and self._choice.prefers(stream, current, now_ns):
            return True
        if self._choice.wants_keyframe(stream, current, now_ns):
            self._ask_keyframe(stream, now_ns)
        return False

    def _ran_out_of_room(self) -> bool:
        """Whether pictures found no room in shared memory since this was last asked."""
        before, self._without_room = self._without_room, self._decoder.dropped["arena_full"]
        return self._without_room > before

    def _restart(self, stream: RtpStream, codec: VideoCodec) -> None:
        self.source.stream = stream
        self._order.reset()
        self._assembler.restart()
        self._gate.broken()
        self._stream, self._codec, self._orientation = stream, codec, UPRIGHT
        self._parameter_sets = ParameterSets()

    def _read_orientation(self, packet: RtpPacket) -> Orientation | None:
        """What the last packet of a frame says of it (see ``contract/media.py``)."""
        if not self._orientation_id:
            return None
        return from_header_extension(packet.element(self._orientation_id))

    def _assemble(self, parts: Sequence[Part], now_ns: int) -> None:
        stream, codec = self._stream, self._codec
        if stream is None or codec is None:
            return
        for part in parts:
            for frame in self._assembler.add(part):
                self._offer(stream, codec, frame, now_ns)

    def _offer(self, stream: RtpStream, codec: VideoCodec, frame: EncodedFrame, now_ns: int) -> None:
        if frame.follows_loss:
            self._gate.lost()
        if frame.orientation is not None:
            self._orientation = frame.orientation
        try:
            data, head = self._parameter_sets.complete(codec, codec.join(frame.parts), self._out_of_band)
        except ValueError:
            self._dropped["damaged_frame"] += 1
            self._gate.broken()
            self._ask_keyframe(stream, now_ns)
            return
        if not head.is_picture:
            return
        if not self._wanted:
            self._dropped["unwanted"] += 1
            return
        verdict = self._gate.judge(head, self._decoder.backlog)
        if verdict.clear:
            self._dropped["overload"] += self._decoder.clear()
        if verdict.ask:
            self._ask_keyframe(stream, now_ns)
        if verdict.reason:
            self._dropped[verdict.reason] += 1
            if verdict.reason == "frame_too_large":
                self._ask_smaller(stream, now_ns)
            return
        flags = FrameFlag.SUSPECT if self._gate.suspect else FrameFlag.NONE
        captured_ns = stream.clock.captured_ns(frame.timestamp)
        work = DecodeJob(
            codec.decoder,
            data,
            frame.timestamp,
            captured_ns,
            frame.arrival_ns,
            flags,
            self._orientation,
            frame.discardable,
        )
        self._decoder.submit(work)
        if not self._layered and self._ran_out_of_room():
            self._ask_smaller(stream, now_ns)

    def _ask_keyframe(self, stream: RtpStream, now_ns: int) -> None:
        if self._wanted and now_ns - self._keyframe_asked_ns >= KEYFRAME_INTERVAL_NS:
            self._keyframe_asked_ns = now_ns
            self._feedback.request_keyframe(stream.ssrc)

    def _ask_smaller(self, stream: RtpStream, now_ns: int) -> None:
        # With a keyframe, which alone tells that the next picture is small enough.
        if not self._layered and self._scale_down.too_large(now_ns):
            self._feedback.limit_bitrate(self._scale_down.most, [stream.ssrc])
            self._ask_keyframe(stream, now_ns)

    def _request_missing(self, stream: RtpStream, now_ns: int) -> None:
        if self._wanted and (numbers := self._order.to_request(now_ns)):
            self._feedback.request_packets(stream.ssrc, numbers)

    def _estimate(self, bandwidth: BandwidthEstimator, packet: RtpPacket, now_ns: int) -> None:
        bits_per_second = bandwidth.add(packet, now_ns)
        if bits_per_second is not None:
            self._feedback.limit_bitrate(self._scale_down.cap(bits_per_second), [packet.ssrc])


def _starts_frame(part: Part) -> bool:
    return part.starts_frame
