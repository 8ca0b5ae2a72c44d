"""What the codecs' parsers return."""

from typing import NamedTuple


class Fragment(NamedTuple):
    """One packet's share of a frame's bitstream; ``starts_frame`` is True only where that is certain."""

    data: bytes
    starts_frame: bool


class FrameHead(NamedTuple):
    """What an encoded frame says about itself; ``size`` (width, height) comes with keyframes.

    ``is_picture`` is False for what only prepares for pictures, such as parameter sets that come alone.
    """

    keyframe: bool
    size: tuple[int, int] | None = None
    is_picture: bool = True
