"""VP9 in RTP (RFC 9628) and the heads of its frames (VP9 Bitstream Specification, version 0.6).

A picture may be several frames, one a spatial layer, each with its own start and end. A decoder finds them
by the superframe index (Annex B), which RTP does not carry: it is written anew.
"""

from collections.abc import Mapping, Sequence

from .bits import BitReader
from .bitstream import Fragment, FrameHead

PICTURE_ID, LAYERS, FLEXIBLE, BEGINS, STRUCTURE = 0x80, 0x20, 0x10, 0x08, 0x02
PREDICTED = 0x40
MAX_REFERENCES = 3
MAX_LAYERS = 8  # what a superframe index can tell
INDEX_MARKER = 0b110
SYNC_CODE = 0x498342
SRGB = 7


def is_decodable(parameters: Mapping[str, str]) -> bool:
    """Whether streams of these format parameters (RFC 9628 section 6) are of 8 bits, 4:2:0."""
    return parameters.get("profile-id", "0") == "0"


def depayload(payload: bytes) -> Fragment:
    """Strip the payload descriptor but for its first byte, by which ``join`` sees where a layer begins.

    Raises:
        ValueError: the descriptor is truncated, or refers to more than three pictures.
    """
    try:
        at, spatial_layer = _descriptor(payload)
    except IndexError as error:
        raise ValueError("the VP9 payload descriptor is truncated") from error
    if at > len(payload):
        raise ValueError("the VP9 payload descriptor is truncated")
    if at == len(payload):
        return Fragment(b"", False)
    return Fragment(payload[:1] + payload[at:], bool(payload[0] & BEGINS) and spatial_layer == 0)


def _descriptor(payload: bytes) -> tuple[int, int]:
    """Its length in bytes, and the spatial layer it tells (section 4.2)."""
    first = payload[0]
    at, spatial_layer = 1, 0
    if first & PICTURE_ID:
        at += 2 if payload[at] & 0x80 else 1
    if first & LAYERS:
        spatial_layer = payload[at] >> 1 & 7
        at += 1 if first & FLEXIBLE else 2
    if first & FLEXIBLE and first & PREDICTED:
        at = _skip_references(payload, at)
    if first & STRUCTURE:
        at = _skip_structure(payload, at)
    return at, spatial_layer


def _skip_references(payload: bytes, at: int) -> int:
    for _ in range(MAX_REFERENCES):
        at += 1
        if not payload[at - 1] & 1:
            return at
    raise ValueError("the VP9 payload descriptor refers to more than three pictures")


def _skip_structure(payload: bytes, at: int) -> int:
    head = payload[at]
    at += 1
    if head & 0x10:
        at += 4 * ((head >> 5) + 1)
    if head & 0x08:
        pictures = payload[at]
        at += 1
        for _ in range(pictures):
            at += 1 + (payload[at] >> 2 & 3)
    return at


def join(parts: Sequence[bytes]) -> bytes:
    """One picture from what ``depayload`` left of its packets: a frame, or a superframe of its layers.

    Raises:
        ValueError: there are more layers than a superframe holds.
    """
    data = b"".join([part[1:] for part in parts])
    begins = [index for index, part in enumerate(parts) if index == 0 or part[0] & BEGINS]
    if len(begins) == 1:
        return data
    if len(begins) > MAX_LAYERS:
        raise ValueError(f"the VP9 picture has more than {MAX_LAYERS} layers")
    ends = [*begins[1:], len(parts)]
    sizes = [sum(len(part) - 1 for part in parts[begin:end]) for begin, end in zip(begins, ends, strict=True)]
    marker = bytes((INDEX_MARKER << 5 | 3 << 3 | len(sizes) - 1,))
    return data + marker + b"".join(size.to_bytes(4, "little") for size in sizes) + marker


def inspect(picture: bytes) -> FrameHead:
    """Tell a keyframe without decoding, and the largest size that its layers' frames name.

    Raises:
        ValueError: the superframe index or a frame's uncompressed header (section 6.2) is damaged.
    """
    frames = _split(picture)
    keyframe, size = _header(frames[0])
    if not keyframe:
        return FrameHead(keyframe=False)
    sizes = [size, *(_header(frame)[1] for frame in frames[1:])]
    return FrameHead(keyframe=True, size=max(sizes, key=lambda pixels: pixels[0] * pixels[1]))


def _split(picture: bytes) -> list[bytes]:
    """The frames of a superframe; a frame without an index is alone."""
    last = picture[-1] if picture else 0
    count, width = (last & 7) + 1, (last >> 3 & 3) + 1
    start = len(picture) - 2 - count * width
    if last >> 5 != INDEX_MARKER or start < 0 or picture[start] != last:
        return [picture]
    frames, at = [], 0
    for entry in range(start + 1, len(picture) - 1, width):
        size = int.from_bytes(picture[entry : entry + width], "little")
        if size == 0 or at + size > start:
            raise ValueError("the VP9 superframe index is damaged")
        frames.append(picture[at : at + size])
        at += size
    return frames


def _header(frame: bytes) -> tuple[bool, tuple[int, int]]:
    """Whether it is a keyframe, and the size that it names; (0, 0) where it has that of another frame."""
    bits = BitReader(frame, "VP9 frame header", limit=32)
    if bits.read(2) != 2:
        raise ValueError("the VP9 frame has no frame marker")
    profile = bits.read(1) | bits.read(1) << 1
    if profile == 3:
        bits.read(1)
    if bits.read(1):  # show_existing_frame
        return False, (0, 0)
    keyframe, shown, resilient = not bits.read(1), bits.read(1), bits.read(1)
    if keyframe:
        _check_sync(bits)
        _skip_color_config(bits, profile)
        return True, _size(bits)
    intra_only = not shown and bits.read(1)
    if not resilient:
        bits.read(2)  # reset_frame_context
    if intra_only:
        _check_sync(bits)
        if profile:
            _skip_color_config(bits, profile)
        bits.read(8)  # refresh_frame_flags
        return False, _size(bits)
    bits.read(8 + 3 * 4)  # refresh_frame_flags, three references and their sign biases
    if any(bits.read(1) for _ in range(MAX_REFERENCES)):
        return False, (0, 0)
    return False, _size(bits)


def _check_sync(bits: BitReader) -> None:
    if bits.read(24) != SYNC_CODE:
        raise ValueError("the VP9 frame has no sync code")


def _skip_color_config(bits: BitReader, profile: int) -> None:
    if profile >= 2:
        bits.read(1)  # bit depth
    space = bits.read(3)
    if space != SRGB:
        bits.read(1)  # range
        if profile & 1:
            bits.read(3)
    elif profile & 1:
        bits.read(1)
    else:
        raise ValueError("the VP9 frame is RGB, which its profile does not have")


def _size(bits: BitReader) -> tuple[int, int]:
    return bits.read(16) + 1, bits.read(16) + 1
