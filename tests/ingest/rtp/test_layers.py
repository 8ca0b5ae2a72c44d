"""Several streams of one picture: the largest that fits is decoded, whatever order they come in."""

import pytest

from argusd.ingest.decoding.picture_limit import PictureLimit
from argusd.ingest.offers.simulcast import ONE_LAYER, Layers
from argusd.ingest.rtp.gate import KeyframeGate
from argusd.ingest.rtp.layers import SHOWN_WITHIN, SILENCE_NS, Retransmissions
from argusd.ingest.rtp.packets import RtpPacket
from argusd.ingest.rtp.sync_source import SyncSource
from argusd.ingest.video import KEYFRAME_INTERVAL_NS, VideoReceiver

from ..test_video import FRAME_NS, Line

SMALL, MIDDLE, LARGE = (160, 120), (320, 240), (640, 480)
RID, REPAIRED_RID = 10, 11


class Simulcast:
    """Lines of several sizes into one receiver; ``ssrcs`` tells whose keyframes are asked for."""

    def __init__(self, *sizes: tuple[int, int], limit: tuple[int, int] = (1920, 1088)) -> None:
        self.lines = [Line(gop=20, size=size, ssrc=index + 1) for index, size in enumerate(sizes)]
        first = self.lines[0]
        self.decoder, self.feedback = first.decoder, first.feedback
        made = (
            self.decoder,
            KeyframeGate(PictureLimit(limit[0] * limit[1], max(limit))),
            self.feedback,
            None,
        )
        self.receiver = VideoReceiver(*made, layers=len(sizes))  # type: ignore[arg-type]
        for line in self.lines:
            line.receiver = self.receiver

    def play(self, first: int, last: int, *layers: int, lost_starts: tuple[int, ...] = ()) -> None:
        """Frames of these layers, packet by packet in turns; of some the first packet is lost."""
        for frame in range(first, last):
            packets = [self.lines[layer].packets[frame] for layer in layers]
            for part in range(max(map(len, packets))):
                for layer, mine in zip(layers, packets, strict=True):
                    if part < len(mine) and not (part == 0 and frame == first and layer in lost_starts):
                        self.lines[layer].send(mine[part], frame * FRAME_NS)

    def decoded(self) -> list[int]:
        """The layer of each frame that was decoded, by its bitstream."""
        streams = [{line.bitstream(frame) for frame in range(40)} for line in self.lines]
        return [
            next(layer for layer, stream in enumerate(streams) if work.data in stream)
            for work in self.decoder.works
        ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_of_those_that_begin_together_the_largest_is_decoded(order: tuple[int, ...]) -> None:
    simulcast = Simulcast(SMALL, MIDDLE, LARGE)
    simulcast.play(0, 20, *order)
    assert simulcast.decoded().count(2) == 20
    assert simulcast.decoded()[1:] == [2] * 19
    assert simulcast.feedback.keyframes == 0


def test_what_does_not_fit_is_not_taken() -> None:
    simulcast = Simulcast(SMALL, MIDDLE, LARGE, limit=MIDDLE)
    simulcast.play(0, 20, 2, 0, 1)
    assert set(simulcast.decoded()[3:]) == {1}


def test_a_larger_one_that_begins_later_is_taken_with_its_first_frame() -> None:
    """As a sender does that dares more now."""
    simulcast = Simulcast(SMALL, LARGE)
    simulcast.play(0, 20, 0)
    simulcast.play(20, 30, 0, 1)
    assert simulcast.decoded() == [0] * 20 + [1] * 10


def test_one_that_falls_silent_is_replaced_by_a_smaller_one_that_is_asked_to_begin() -> None:
    simulcast = Simulcast(SMALL, LARGE)
    simulcast.play(0, 4, 0, 1)
    silent = 4 + SILENCE_NS // FRAME_NS
    simulcast.play(4, silent, 0)  # a keyframe among them changes nothing yet
    assert set(simulcast.decoded()) == {1}
    assert simulcast.feedback.keyframes == 0
    simulcast.play(silent + 1, silent + 2, 0)
    assert simulcast.feedback.keyframes == 1
    again = Line(gop=20, size=SMALL, ssrc=1)
    again.receiver = simulcast.receiver
    for packet in again.packets[0]:
        again.send(packet._replace(sequence_number=(packet.sequence_number + 9_000) & 0xFFFF), 60 * FRAME_NS)
    assert simulcast.decoder.works[-1].data == again.bitstream(0)


def test_one_whose_beginning_was_lost_is_asked_for_a_keyframe() -> None:
    simulcast = Simulcast(SMALL, LARGE)
    simulcast.play(0, 2, 0, 1, lost_starts=(1,))
    assert simulcast.feedback.keyframes == 1
    simulcast.play(2, 2 + KEYFRAME_INTERVAL_NS // FRAME_NS, 0, 1)
    simulcast.play(20, 22, 0, 1)
    assert simulcast.decoded()[-2:] == [1, 1]


def test_one_that_never_tells_its_size_is_not_asked_for_ever() -> None:
    simulcast = Simulcast(SMALL, LARGE)
    simulcast.play(0, 5, 0)
    mute = simulcast.lines[1].packets[0][-1]
    for number in range(4 * SHOWN_WITHIN):
        simulcast.lines[1].send(mute._replace(sequence_number=number), (5 + number) * FRAME_NS)
    asked = SHOWN_WITHIN * FRAME_NS // KEYFRAME_INTERVAL_NS
    assert 0 < simulcast.feedback.keyframes <= asked + 1


def test_one_that_shared_memory_has_no_room_for_gives_way_to_a_smaller_one() -> None:
    simulcast = Simulcast(SMALL, LARGE)
    simulcast.play(0, 5, 0, 1)
    assert simulcast.decoded()[-1] == 1
    simulcast.decoder.dropped["arena_full"] = 1
    simulcast.play(5, 20, 0, 1)
    assert simulcast.feedback.keyframes > 0
    simulcast.play(20, 40, 0, 1)  # both begin anew
    assert simulcast.decoded()[-15:] == [0] * 15


def packet(payload_type: int, ssrc: int, element_id: int = 0, name: bytes = b"") -> RtpPacket:
    extension = bytes([element_id << 4 | len(name) - 1]) + name if name else b""
    return RtpPacket(payload_type, False, 1, 0, ssrc, b"\0\1x", extension)


def test_a_retransmission_repairs_the_stream_of_its_name() -> None:
    """RFC 8852: the repaired stream's name is on the one, its own on the other."""
    source, rtx = SyncSource(90_000, 2), Retransmissions(Layers({"q": (), "f": ()}, 2), RID, REPAIRED_RID)
    assert rtx.named
    with pytest.raises(ValueError, match="repairs"):
        rtx.original(packet(97, 21, REPAIRED_RID, b"f"), source)
    rtx.heard(packet(96, 1, RID, b"q"))
    rtx.heard(packet(96, 2, RID, b"f"))
    rtx.heard(packet(96, 3, RID, b"x"))
    rtx.heard(packet(96, 2))
    assert rtx.original(packet(97, 21, REPAIRED_RID, b"f"), source) == 2
    for stranger in (packet(97, 21, REPAIRED_RID, b"x"), packet(97, 21)):
        with pytest.raises(ValueError, match="repairs"):
            rtx.original(stranger, source)


def test_a_retransmission_repairs_the_stream_that_the_offer_pairs_it_with() -> None:
    rtx = Retransmissions(Layers({}, 2, {11: 1, 12: 2}), 0, 0)
    assert rtx.original(packet(97, 12), SyncSource(90_000, 2)) == 2
    with pytest.raises(ValueError, match="repairs"):
        rtx.original(packet(97, 13), SyncSource(90_000, 2))


def test_without_simulcast_it_repairs_the_only_stream() -> None:
    source = SyncSource(90_000)
    source.admit(5, 0)
    assert Retransmissions(ONE_LAYER, 0, 0).original(packet(97, 99), source) == 5
