"""Headers of MPEG audio frames: MP1 to MP3 (ISO/IEC 11172-3, 2.4.1.3) and ADTS (13818-7, 6.2). Pure."""

from collections.abc import Set
from typing import NamedTuple

IN_A_ROW = 3  # frames whose lengths lead to one another; fewer could be samples by chance
SYNC, HEADER = 0xFFE0, 7
ADTS_LAYER = 0
KBIT_S = {  # by MPEG-1 or not, and layer
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
HERTZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by version


class FrameHeader(NamedTuple):
    """``layer``: 1, 2, 3; 0: ADTS. ``form``: what all frames of a stream share. ``size``: bytes."""

    layer: int
    form: bytes
    size: int


def frames_follow(data: bytes, at: int, layers: Set[int]) -> bool:
    """Whether frames of these layers follow one another from there on: ``IN_A_ROW``, or as many as there are.

    A single one must end with the data; of two the second may be cut off.
    """
    first = frame_header(data, at)
    if first is None or first.layer not in layers:
        return False
    for seen in range(1, IN_A_ROW):
        at += first.size
        if at >= len(data):
            return at == len(data) or seen > 1
        following = frame_header(data, at)
        if following is None or following.form != first.form:
            return False
        first = following
    return True


def frame_header(data: bytes, at: int) -> FrameHeader | None:
    """The header that begins there; None for anything else."""
    head = data[at : at + HEADER]
    if len(head) < HEADER or int.from_bytes(head[:2], "big") & SYNC != SYNC:
        return None
    version, layer = head[1] >> 3 & 3, (4 - (head[1] >> 1 & 3)) % 4
    if layer == ADTS_LAYER:
        return _adts(head) if head[1] & 0xF6 == 0xF0 else None
    rates, index, kbit_s = HERTZ.get(version), head[2] >> 2 & 3, head[2] >> 4
    if rates is None or index == 3 or kbit_s in (0, 15):
        return None
    bits_s = 1000 * KBIT_S[version == 3, layer][kbit_s - 1]
    padding = head[2] >> 1 & 1
    if layer == 1:
        size = (12 * bits_s // rates[index] + padding) * 4
    else:
        size = (72 if layer == 3 and version != 3 else 144) * bits_s // rates[index] + padding
    return FrameHeader(layer, bytes([head[1] & 0xFE, head[2] & 0x0C]), size)


def _adts(head: bytes) -> FrameHeader | None:
    size = int.from_bytes(head[3:6], "big") >> 5 & 0x1FFF
    if size < HEADER or head[2] >> 2 & 0xF > 12:
        return None
    return FrameHeader(ADTS_LAYER, bytes([head[1] & 0xFE, head[2] & 0xFD, head[3] & 0xC0]), size)
