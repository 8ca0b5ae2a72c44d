"""How large a picture may be, by what the operator allows and by what shared memory has room for. Pure."""

from typing import NamedTuple

from ..config import IngestConfig

LEAST_SLOTS = 2  # one is written while another is read
MACROBLOCK = 16  # pixels along its side: what codecs count pictures in
ORDINARY_PIXELS = 1280 * 720  # of a camera that nobody asked for more


class PictureLimit(NamedTuple):
    """The most pixels, and the longest side: a picture may stand upright or lie."""

    pixels: int
    side: int

    def takes(self, width: int, height: int) -> bool:
        """Whether a picture is not too large."""
        return width * height <= self.pixels and max(width, height) <= self.side

    @property
    def coded_pixels(self) -> int:
        """The most with what a codec adds to fill the last macroblocks of both sides."""
        return self.pixels + 2 * (MACROBLOCK - 1) * self.side + (MACROBLOCK - 1) ** 2

    @property
    def macroblocks(self) -> int:
        """The same in the units of ``max-fs`` (RFC 7741 section 6.1)."""
        return self.pixels // MACROBLOCK**2


def picture_limit(config: IngestConfig, arena_bytes: int) -> PictureLimit:
    """The limit of a worker; ``arena_bytes`` is what its arena has for rings. A pixel takes 1½ bytes."""
    room = arena_bytes * 2 // (3 * LEAST_SLOTS)
    allowed = config.max_width * config.max_height
    return PictureLimit(min(allowed, room), max(config.max_width, config.max_height))


def ordinary_bytes(config: IngestConfig) -> int:
    """A picture that every session has room for, at 1½ bytes a pixel."""
    return min(config.max_width * config.max_height, ORDINARY_PIXELS) * 3 // 2
