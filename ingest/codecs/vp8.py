"""VP8 in RTP (RFC 7741) and the head of a VP8 frame (RFC 6386 section 9.1)."""

from .bitstream import Fragment, FrameHead

START_CODE = b"\x9d\x01\x2a"


def depayload(payload: bytes) -> Fragment:
    """Strip the payload descriptor.

    Raises:
        ValueError: the descriptor is truncated.
    """
    try:
        first = payload[0]
        at = 1
        if first & 0x80:
            present = payload[1]
            at = 2
            if present & 0x80:
                at += 2 if payload[2] & 0x80 else 1
            at += (present >> 6 & 1) + (present & 0x30 > 0)
    except IndexError as error:
        raise ValueError("the VP8 payload descriptor is truncated") from error
    if at > len(payload):
        raise ValueError("the VP8 payload descriptor is truncated")
    # S set and partition index 0: the first packet of a frame.
    return Fragment(payload[at:], first & 0x1F == 0x10)


def discardable(payload: bytes) -> bool:
    """Whether a packet, one with a payload, says that its frame is no reference (the descriptor's N)."""
    return bool(payload[0] & 0x20)


def inspect(frame: bytes) -> FrameHead:
    """Tell a keyframe and its size in pixels without decoding.

    Raises:
        ValueError: the keyframe's header is truncated or has no start code.
    """
    if frame[0] & 1:
        return FrameHead(keyframe=False)
    if len(frame) < 10 or frame[3:6] != START_CODE:
        raise ValueError("the VP8 keyframe header is damaged")
    width, height = int.from_bytes(frame[6:8], "little"), int.from_bytes(frame[8:10], "little")
    return FrameHead(keyframe=True, size=(width & 0x3FFF, height & 0x3FFF))
