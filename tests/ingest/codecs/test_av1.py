"""AV1: payloads as FFmpeg cuts them, temporal units and sizes as SVT-AV1 wrote them."""

from itertools import pairwise

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.packetizer import Packetizer
from argusd.ingest.codecs.av1 import MAX_OBUS, depayload, inspect, join
from argusd.ingest.codecs.bitstream import FrameHead
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.codecs.parameter_sets import ParameterSets
from argusd.ingest.decoding.opening import open_decoder

SEQUENCE, DELIMITER, FRAME_HEADER, TILE_GROUP, METADATA, FRAME, PADDING = 1, 2, 3, 4, 5, 6, 15


def leb128(value: int) -> bytes:
    """As the specification's 4.10.5 writes a number: seven bits a byte, the lowest first."""
    digits = [value >> shift & 0x7F for shift in range(0, max(value.bit_length(), 1), 7)]
    return bytes(digit | (0x80 if index < len(digits) - 1 else 0) for index, digit in enumerate(digits))


def obu(kind: int, payload: bytes, *, sized: bool = False, extension: bytes = b"") -> bytes:
    header = bytes((kind << 3 | (4 if extension else 0) | (2 if sized else 0),)) + extension
    return header + (leb128(len(payload)) if sized else b"") + payload


def test_the_payloads_of_a_temporal_unit_join_to_it() -> None:
    packetizer = Packetizer("av1")
    for unit in video_clip("av1", 320, 240, 6, gop=3):
        fragments = [depayload(payload) for payload in packetizer.payloads(unit)]
        assert [fragment.starts_frame for fragment in fragments] == [True] + [False] * (len(fragments) - 1)
        assert join([fragment.data for fragment in fragments]) == unit


obus = st.builds(
    obu,
    st.sampled_from([SEQUENCE, FRAME_HEADER, TILE_GROUP, METADATA, FRAME]),
    st.binary(max_size=300),
    sized=st.booleans(),
    extension=st.binary(min_size=1, max_size=1) | st.just(b""),
)


@given(units=st.lists(obus, min_size=1, max_size=6), room=st.integers(1, 200), data=st.data())
def test_however_obus_are_cut_they_come_out_with_their_sizes(
    units: list[bytes], room: int, data: st.DataObject
) -> None:
    parts = []
    for payload in cut(units, room, data):
        fragment = depayload(payload)
        assert fragment.data == payload
        parts.append(fragment.data)
    expected = [read_obu(unit) for unit in units]
    out, at = [], 2
    joined = join(parts)
    assert joined[:2] == b"\x12\x00"
    while at < len(joined):
        header = 2 if joined[at] & 4 else 1
        size, end = read_leb128(joined, at + header)
        out.append((joined[at : at + header], joined[end : end + size]))
        at = end + size
    assert out == expected


def cut(units: list[bytes], room: int, data: st.DataObject) -> list[bytes]:
    """Payloads with at most ``room`` bytes of OBUs each, some with W = 0 and some without."""
    packets: list[list[tuple[bytes, bool, bool]]] = [[]]
    left = room
    for unit in units:
        at = 0
        while at < len(unit):
            if left == 0:
                packets.append([])
                left = room
            piece = unit[at : at + left]
            packets[-1].append((piece, at > 0, at + len(piece) < len(unit)))
            at, left = at + len(piece), left - len(piece)
    payloads = []
    for pieces in packets:
        counted = len(pieces) <= 3 and data.draw(st.booleans())
        head = pieces[0][1] << 7 | pieces[-1][2] << 6 | (len(pieces) if counted else 0) << 4
        body = b"".join(leb128(len(piece)) + piece for piece, _, _ in pieces[:-1])
        last = pieces[-1][0]
        payloads.append(bytes((head,)) + body + (last if counted else leb128(len(last)) + last))
    return payloads


def read_obu(unit: bytes) -> tuple[bytes, bytes]:
    header = 2 if unit[0] & 4 else 1
    start = read_leb128(unit, header)[1] if unit[0] & 2 else header
    return bytes((unit[0] | 2,)) + unit[1:header], unit[start:]


def read_leb128(data: bytes, at: int) -> tuple[int, int]:
    end = next(index for index in range(at, len(data)) if data[index] < 0x80) + 1
    return sum((byte & 0x7F) << 7 * index for index, byte in enumerate(data[at:end])), end


def test_delimiters_and_padding_are_left_out() -> None:
    units = [obu(DELIMITER, b""), obu(SEQUENCE, b"s"), obu(PADDING, b"p"), obu(FRAME, b"f")]
    payload = b"\x00" + b"".join(leb128(len(unit)) + unit for unit in units)
    assert join([depayload(payload).data]) == b"\x12\x00" + obu(SEQUENCE, b"s", sized=True) + obu(
        FRAME, b"f", sized=True
    )


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (b"\x18" + obu(METADATA, b"m"), True),  # N: a new coded video sequence
        (b"\x10" + obu(SEQUENCE, b"s"), True),
        (b"\x10" + obu(FRAME, b"f"), True),
        (b"\x10" + obu(FRAME, b"f", extension=b"\x00"), True),
        (b"\x10" + obu(FRAME, b"f", extension=b"\x08"), False),  # spatial layer 1
        (b"\x10" + obu(TILE_GROUP, b"t"), False),
        (b"\x90" + obu(FRAME, b"f"), False),  # Z: goes on with an OBU
    ],
)
def test_the_start_of_a_temporal_unit_is_told(payload: bytes, starts: bool) -> None:
    assert depayload(payload).starts_frame is starts


@pytest.mark.parametrize(
    "payload",
    [
        b"\x20\x05ab",  # W = 2, and the first is longer than the packet
        b"\x20\x01a",  # W = 2, and there is one
        b"\x00\x00",  # an empty element
        b"\x00\x03ab",
        b"\x00" + b"\xff" * 9,  # a size without end
    ],
)
def test_damaged_payloads_are_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match="AV1"):
        depayload(payload)


def test_a_payload_without_elements_is_padding() -> None:
    assert depayload(b"\x10").data == depayload(b"").data == b""


@pytest.mark.parametrize(
    "parts",
    [
        [b"\x90" + obu(FRAME, b"f")],  # begins in the middle
        [b"\x50" + obu(FRAME, b"f")],  # ends in the middle
        [b"\x50" + obu(FRAME, b"f"), b"\x10" + obu(FRAME, b"f")],
        [b"\x10" + obu(FRAME, b"f"), b"\x90more"],
        [b"\x10\x80\x00"],  # the forbidden bit
        [b"\x10\x32\x05f"],  # a size of its own that is longer than the OBU
        [b"\x10" + obu(FRAME, b"f")] * (MAX_OBUS + 1),
    ],
)
def test_pieces_that_do_not_fit_are_refused(parts: list[bytes]) -> None:
    with pytest.raises(ValueError, match="AV1"):
        join(parts)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (642, 362)])
def test_a_keyframe_tells_its_size_and_other_frames_tell_nothing(width: int, height: int) -> None:
    first, second = video_clip("av1", width, height, 2)
    assert inspect(first) == FrameHead(keyframe=True, size=(width, height))
    assert inspect(second) == FrameHead(keyframe=False)


def test_a_sequence_header_may_come_before_its_keyframe() -> None:
    first = video_clip("av1", 64, 64, 1)[0]
    ends = 2 + 2 + first[3]
    header, bare = first[:ends], first[:2] + first[ends:]
    assert inspect(header) == FrameHead(keyframe=False, size=(64, 64), is_picture=False)
    assert inspect(bare) == FrameHead(keyframe=True)
    sets = ParameterSets()
    sets.complete(VIDEO_CODECS["av1"], header, b"")
    whole, head = sets.complete(VIDEO_CODECS["av1"], bare, b"")
    assert head == inspect(first)
    assert len(open_decoder("libdav1d", 64 * 64).decode(av.Packet(whole))) == 1
    with pytest.raises(av.FFmpegError):
        open_decoder("libdav1d", 64 * 64).decode(av.Packet(bare))


@pytest.mark.parametrize("end", range(3, 14))
def test_a_truncated_sequence_header_is_refused(end: int) -> None:
    with pytest.raises(ValueError, match="AV1"):
        inspect(video_clip("av1", 64, 64, 1)[0][:end])


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x12\x00", b"\x12\x00\x0a\x0b", b"\x32\x08"]))
def test_any_temporal_unit_is_inspected_or_refused_with_a_value_error(body: bytes, head: bytes) -> None:
    try:
        seen = inspect(head + body)
    except ValueError:
        return
    assert seen.size is None or min(seen.size) > 0


@given(st.lists(st.binary(max_size=12), min_size=1, max_size=6))
def test_any_payloads_are_joined_or_refused_with_a_value_error(payloads: list[bytes]) -> None:
    try:
        parts = [data for data, _ in map(depayload, payloads) if data]
        joined = join(parts)
    except ValueError:
        return
    assert joined.startswith(b"\x12\x00")
    for before, after in pairwise(parts):
        assert (before[0] >> 6 & 1) == after[0] >> 7
