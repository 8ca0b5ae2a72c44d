"""A reader of transport-wide feedback, written from the draft and from nothing of ours (section 3.1)."""

from struct import unpack_from
from typing import NamedTuple


class Told(NamedTuple):
    """One feedback packet. ``arrivals``: by 16-bit number, in ticks of 250 us; None for a lost packet."""

    ssrc: int
    media_ssrc: int
    counted: int
    arrivals: dict[int, int | None]


def read_feedback(data: bytes) -> Told:
    """Read one RTCP packet, and nothing behind it.

    Raises:
        ValueError: it is not what the draft describes.
    """
    first, kind, words = unpack_from("!BBH", data)
    if (first, kind) != (0x80 | 15, 205) or len(data) != 4 * (words + 1):
        raise ValueError("not a transport-wide feedback packet")
    ssrc, media_ssrc, base, count = unpack_from("!LLHH", data, 4)
    reference = int.from_bytes(data[16:19], "big", signed=True)
    at, symbols = 20, list[int]()
    while len(symbols) < count:
        (chunk,) = unpack_from("!H", data, at)
        at += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif not chunk & 0x4000:
            symbols += [chunk >> bit & 1 for bit in range(13, -1, -1)]
        else:
            symbols += [chunk >> bit & 3 for bit in range(12, -1, -2)]
    arrivals: dict[int, int | None] = {}
    ticks = reference * 256
    for index, symbol in enumerate(symbols[:count]):
        number = (base + index) & 0xFFFF
        if symbol == 0:
            arrivals[number] = None
            continue
        if symbol == 3:
            raise ValueError("a reserved status")
        ticks += data[at] if symbol == 1 else int.from_bytes(data[at : at + 2], "big", signed=True)
        at += symbol
        arrivals[number] = ticks
    if len(data) - at > 3 or any(data[at:]):
        raise ValueError("something other than padding stands at the end")
    return Told(ssrc, media_ssrc, data[19], arrivals)
