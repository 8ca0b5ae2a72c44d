"""H.264 in RTP (RFC 6184, packetization modes 0 and 1) and its sequence parameter sets (ITU-T H.264)."""

import base64
import re
from collections.abc import Mapping

from .bits import BitReader
from .bitstream import Fragment, FrameHead

START_CODE = b"\x00\x00\x00\x01"
SLICE, IDR_SLICE, SEI, SPS, PPS, DELIMITER = 1, 5, 6, 7, 8, 9
STAP_A, FU_A = 24, 28
# Profiles whose SPS carries the chroma format and scaling matrices (7.3.2.1.1).
HIGH_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 138, 139, 244})
INSPECTED_BYTES = 8192
BASELINE_LEVEL_1 = "420010"  # what a missing profile-level-id means (RFC 6184 section 8.1)
BASELINE, MAIN, EXTENDED, HIGH = 66, 77, 88, 100
# Of the Extended profile, streams that also keep to Baseline or Main (constraint_set0, 1) are decodable.
WITHIN_BASELINE_OR_MAIN = 0xC0
# The most macroblocks of a picture (MaxFS) and the highest level_idc that has it (ITU-T H.264, table A-1).
LARGEST_OF_LEVEL = {
    99: 10,
    396: 20,
    792: 21,
    1620: 30,
    3600: 31,
    5120: 32,
    8192: 41,
    8704: 42,
    22080: 50,
    36864: 52,
    139264: 62,
}


def is_decodable(parameters: Mapping[str, str]) -> bool:
    """Whether streams of these format parameters (RFC 6184 section 8.1) can be decoded, to 8-bit 4:2:0."""
    if parameters.get("packetization-mode", "0") not in ("0", "1"):
        return False
    profile_level = parameters.get("profile-level-id", BASELINE_LEVEL_1)
    if not re.fullmatch("[0-9a-fA-F]{6}", profile_level):
        return False
    profile, constraints, _level = bytes.fromhex(profile_level)
    if profile == EXTENDED:
        return bool(constraints & WITHIN_BASELINE_OR_MAIN)
    return profile in (BASELINE, MAIN, HIGH)


def parameter_sets(parameters: Mapping[str, str]) -> bytes:
    """The ``sprop-parameter-sets`` (RFC 6184 section 8.1) in Annex B; empty where there are none to use."""
    units = parameters.get("sprop-parameter-sets", "").split(",")
    try:
        sets = b"".join(START_CODE + base64.b64decode(unit, validate=True) for unit in units if unit)
        usable = inspect(sets).size is not None and len(sets) < INSPECTED_BYTES // 2
    except ValueError:
        return b""
    return sets if usable else b""


def limited_level(answered: Mapping[str, str], macroblocks: int) -> dict[str, str]:
    """The ``profile-level-id`` by which a sender knows how large a picture may be.

    The least level that holds so many macroblocks; where the levels of both directions must be the same
    (RFC 6184 section 8.2.2), not above the offered one.
    """
    offered = answered.get("profile-level-id", BASELINE_LEVEL_1)
    profile, level = offered[:4], int(offered[4:], 16)
    largest = next((idc for most, idc in LARGEST_OF_LEVEL.items() if most >= macroblocks), level)
    if answered.get("level-asymmetry-allowed") != "1":
        largest = min(largest, level)
    return {"profile-level-id": f"{profile}{largest:02x}"}


def depayload(payload: bytes) -> Fragment:
    """Turn a payload into Annex B bytes.

    Raises:
        ValueError: it is truncated, or of a type that packetization mode 1 does not have.
    """
    if len(payload) < 2:
        raise ValueError("the NAL unit is too short")
    nal_type = payload[0] & 0x1F
    if nal_type == FU_A:
        if not payload[1] & 0x80:
            return Fragment(payload[2:], False)
        header = payload[0] & 0xE0 | payload[1] & 0x1F
        return Fragment(START_CODE + bytes((header,)) + payload[2:], _starts_frame(header, payload[2:3]))
    if 0 < nal_type < STAP_A:
        return Fragment(START_CODE + payload, _starts_frame(payload[0], payload[1:2]))
    if nal_type == STAP_A:
        return _split_aggregate(payload)
    raise ValueError(f"NAL unit type {nal_type} is not in packetization mode 1")


def discardable(payload: bytes) -> bool:
    """Whether a slice's packet, not an empty one, says that its picture is no reference (nal_ref_idc 0)."""
    return not payload[0] & 0x60


def _split_aggregate(payload: bytes) -> Fragment:
    units, at = [], 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        unit = payload[at + 2 : at + 2 + size]
        if size == 0 or len(unit) < size:
            raise ValueError("the STAP-A packet is truncated")
        units.append(unit)
        at += 2 + size
    if not units:
        raise ValueError("the STAP-A packet is empty")
    return Fragment(b"".join(START_CODE + unit for unit in units), _starts_frame(units[0][0], units[0][1:2]))


def _starts_frame(header: int, first_byte: bytes) -> bool:
    # What may come before a picture's slices (7.4.1.2.3), or a slice whose first_mb_in_slice is 0: ue(v) "1".
    nal_type = header & 0x1F
    if nal_type in (SLICE, IDR_SLICE):
        return first_byte >= b"\x80"
    return nal_type in (SEI, SPS, PPS, DELIMITER)


def inspect(frame: bytes) -> FrameHead:
    """Tell a keyframe (IDR) and the size in its SPS without decoding.

    Raises:
        ValueError: the SPS is damaged.
    """
    size: tuple[int, int] | None = None
    at = frame.find(b"\x00\x00\x01", 0, INSPECTED_BYTES)
    while 0 <= at < len(frame) - 3:
        nal_type = frame[at + 3] & 0x1F
        if nal_type in (SLICE, IDR_SLICE):
            return FrameHead(nal_type == IDR_SLICE, size)
        end = frame.find(b"\x00\x00\x01", at + 3, INSPECTED_BYTES)
        if nal_type == SPS:
            size = picture_size(frame[at + 4 : end if end >= 0 else None])
        at = end
    return FrameHead(False, size, is_picture=len(frame) > INSPECTED_BYTES)


def picture_size(sps: bytes) -> tuple[int, int]:
    """Width and height in pixels, cropped, from an SPS without its NAL header (7.3.2.1.1).

    Raises:
        ValueError: the SPS is truncated or absurd.
    """
    bits = BitReader(sps.replace(b"\x00\x00\x03", b"\x00\x00"), "SPS")
    profile = bits.read(8)
    bits.read(16)  # constraint flags, level
    bits.exp_golomb()  # sps id
    chroma_format, separate_planes = _skip_high_profile(bits) if profile in HIGH_PROFILES else (1, 0)
    _skip_order_count(bits)
    bits.exp_golomb()  # max_num_ref_frames
    bits.read(1)
    width, map_units = 16 * (bits.exp_golomb() + 1), bits.exp_golomb() + 1
    frame_only = bits.read(1)
    if not frame_only:
        bits.read(1)
    bits.read(1)  # direct_8x8_inference
    height = 16 * map_units * (2 - frame_only)
    if bits.read(1):
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
        subsampled = chroma_format in (1, 2) and not separate_planes
        width -= (left + right) * (2 if subsampled else 1)
        height -= (top + bottom) * (2 if chroma_format == 1 and subsampled else 1) * (2 - frame_only)
    if width <= 0 or height <= 0:
        raise ValueError("the SPS crops the whole picture away")
    return width, height


def _skip_high_profile(bits: BitReader) -> tuple[int, int]:
    chroma_format = bits.exp_golomb()
    separate_planes = bits.read(1) if chroma_format == 3 else 0
    bits.exp_golomb()  # luma bit depth
    bits.exp_golomb()  # chroma bit depth
    bits.read(1)
    if bits.read(1):
        for index in range(8 if chroma_format != 3 else 12):
            if bits.read(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)
    return chroma_format, separate_planes


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_exp_golomb()) % 256
        last = following or last


def _skip_order_count(bits: BitReader) -> None:
    bits.exp_golomb()  # log2_max_frame_num
    kind = bits.exp_golomb()
    if kind == 0:
        bits.exp_golomb()
    elif kind == 1:
        bits.read(1)
        bits.exp_golomb()
        bits.exp_golomb()
        for _ in range(min(bits.exp_golomb(), 255)):
            bits.exp_golomb()
