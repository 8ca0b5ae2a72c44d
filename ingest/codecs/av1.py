"""AV1 in RTP (AOM, "RTP Payload Format For AV1", v1.0) and the heads of its temporal units (AV1 spec).

A payload is a byte (Z, Y, W, N) and OBU elements: OBUs, or pieces of OBUs that other packets go on with.
It stays as it is until all of a temporal unit are there; then the OBUs get the sizes that decoders need.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from .bits import BitReader
from .bitstream import Fragment, FrameHead

CONTINUES, CONTINUED, NEW_SEQUENCE = 0x80, 0x40, 0x08  # Z, Y, N
SEQUENCE_HEADER, DELIMITER, FRAME_HEADER, FRAME, TILE_LIST, PADDING = 1, 2, 3, 6, 8, 15
# What a sender must leave out (section 5), and what it may send for nothing.
IGNORED = frozenset({DELIMITER, TILE_LIST, PADDING})
FORBIDDEN, HAS_EXTENSION, HAS_SIZE = 0x80, 0x04, 0x02
TEMPORAL_DELIMITER = b"\x12\x00"
MAX_LEB128_BYTES = 8
MAX_OBUS = 1024
KEY_FRAME = 0


class Obu(NamedTuple):
    """An OBU: its type, its header without a size, and its payload."""

    kind: int
    header: bytes
    payload: bytes


def is_decodable(parameters: Mapping[str, str]) -> bool:
    """Whether streams of these format parameters (section 7.2) are 4:2:0; of 8 bits or 10 is not told."""
    return parameters.get("profile", "0") == "0"


def depayload(payload: bytes) -> Fragment:
    """Check a payload's elements; it is left whole, for ``join``.

    A frame's head starts the temporal unit, but where a frame that is not shown comes before it; real-time
    encoders make none.

    Raises:
        ValueError: an element is truncated or empty.
    """
    if len(payload) < 2:
        return Fragment(b"", False)
    elements = _elements(payload)
    starts = bool(payload[0] & NEW_SEQUENCE)
    if not payload[0] & CONTINUES:
        starts |= _starts_unit(elements[0])
    return Fragment(payload, starts)


def _starts_unit(element: bytes) -> bool:
    if element[0] & HAS_EXTENSION and (len(element) < 2 or element[1] >> 3 & 3):
        return False  # a spatial layer that is not the first
    return element[0] >> 3 & 15 in (SEQUENCE_HEADER, DELIMITER, FRAME_HEADER, FRAME)


def _elements(payload: bytes) -> list[bytes]:
    """The OBU elements of a payload (section 4.3): W of them, the last without a size; or all with one."""
    count = payload[0] >> 4 & 3
    elements: list[bytes] = []
    at = 1
    while at < len(payload) and (not count or len(elements) < count):
        size = len(payload) - at
        if len(elements) + 1 != count:
            size, at = _leb128(payload, at)
        if size == 0 or at + size > len(payload):
            raise ValueError("the AV1 packet has an element that is empty, or longer than the packet")
        elements.append(payload[at : at + size])
        at += size
    if len(elements) < max(count, 1) or at < len(payload):
        raise ValueError("the AV1 packet has not the elements that it announces")
    return elements


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number of at most eight bytes of 7 bits, and where it ends (AV1 specification 4.10.5)."""
    value = 0
    for index, byte in enumerate(data[at : at + MAX_LEB128_BYTES]):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, at + index + 1
    raise ValueError("the AV1 stream holds a size that does not end")


def _to_leb128(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def join(parts: Sequence[bytes]) -> bytes:
    """A temporal unit as a low-overhead bitstream, from the payloads of its packets.

    Raises:
        ValueError: an OBU lacks a piece, or is damaged.
    """
    obus = [_obu(unit) for unit in _units(parts)]
    return TEMPORAL_DELIMITER + b"".join(
        [obu.header + _to_leb128(len(obu.payload)) + obu.payload for obu in obus if obu.kind not in IGNORED]
    )


def _units(parts: Sequence[bytes]) -> list[bytes]:
    """The OBUs whose pieces lie in these payloads."""
    units: list[list[bytes]] = []
    continued = False
    for payload in parts:
        elements = _elements(payload)
        if continued != bool(payload[0] & CONTINUES):
            raise ValueError("an AV1 packet does not go on where the one before it stopped")
        if continued:
            units[-1].append(elements.pop(0))
        units += [[element] for element in elements]
        if len(units) > MAX_OBUS:
            raise ValueError(f"the AV1 temporal unit has more than {MAX_OBUS} OBUs")
        continued = bool(payload[0] & CONTINUED)
    if continued:
        raise ValueError("the AV1 temporal unit ends in the middle of an OBU")
    return [b"".join(unit) for unit in units]


def _obu(unit: bytes) -> Obu:
    """Take an OBU apart; its header says now that a size follows (AV1 specification 5.3)."""
    first, at = unit[0], 2 if unit[0] & HAS_EXTENSION else 1
    if first & FORBIDDEN or len(unit) < at:
        raise ValueError("the AV1 OBU has a damaged header")
    header, end = bytes((first | HAS_SIZE,)) + unit[1:at], len(unit)
    if first & HAS_SIZE:
        size, at = _leb128(unit, at)
        end = at + size
        if end > len(unit):
            raise ValueError("the AV1 OBU is truncated")
    return Obu(first >> 3 & 15, header, unit[at:end])


def inspect(temporal_unit: bytes) -> FrameHead:
    """Tell a keyframe and the largest picture of its sequence without decoding.

    A keyframe is one that is shown; its size is in the sequence header, without which a decoder cannot begin.

    Raises:
        ValueError: an OBU up to the first frame is damaged.
    """
    size: tuple[int, int] | None = None
    still = False
    for obu in _obus(temporal_unit):
        if obu.kind == SEQUENCE_HEADER:
            still, size = _sequence(obu.payload)
        elif obu.kind in (FRAME, FRAME_HEADER):
            keyframe = still or _is_key(obu.payload)
            return FrameHead(keyframe, size if keyframe else None)
    return FrameHead(False, size, is_picture=False)


def _obus(temporal_unit: bytes) -> Iterator[Obu]:
    at = 0
    while at < len(temporal_unit):
        extension = 2 if temporal_unit[at] & HAS_EXTENSION else 1
        size, start = _leb128(temporal_unit, at + extension)
        yield _obu(temporal_unit[at : start + size])
        at = start + size


def _is_key(frame_header: bytes) -> bool:
    bits = BitReader(frame_header, "AV1 frame header", limit=1)
    return not bits.read(1) and bits.read(2) == KEY_FRAME and bits.read(1) == 1


def _sequence(payload: bytes) -> tuple[bool, tuple[int, int]]:
    """Whether every frame is a whole still picture, and the largest size of a frame (5.5.1)."""
    bits = BitReader(payload, "AV1 sequence header")
    bits.read(3 + 1)  # profile, still_picture
    reduced = bits.read(1) == 1
    if reduced:
        bits.read(5)  # level
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    return reduced, (bits.read(width_bits) + 1, bits.read(height_bits) + 1)


def _skip_operating_points(bits: BitReader) -> None:
    delay_bits = 0
    decoder_model = False
    if bits.read(1):  # timing_info_present
        bits.read(64)  # num_units_in_display_tick, time_scale
        if bits.read(1):
            bits.exp_golomb()  # num_ticks_per_picture
        decoder_model = bits.read(1) == 1
        if decoder_model:
            delay_bits = bits.read(5) + 1
            bits.read(32 + 10)
    display_delay = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.read(12)  # operating_point_idc
        if bits.read(5) > 7:  # level
            bits.read(1)  # tier
        if decoder_model and bits.read(1):
            bits.read(2 * delay_bits + 1)
        if display_delay and bits.read(1):
            bits.read(4)
