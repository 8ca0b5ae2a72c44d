"""Which way the eyes look, given where they are in a head that may be turned."""

from math import copysign, radians, sin
from typing import Literal, NamedTuple

Direction = Literal["left", "right", "up", "down", "center"]

# Half eye widths by which the eyes move when they make up for a head turned by an angle of sine 1:
# eyeball radius over half an eye's width.
TURN = 0.8


class Stance(NamedTuple):
    """Eyes in half eye widths, as in ``Gaze``, and head in degrees, as in ``HeadPose``."""

    x: float
    y: float
    yaw: float
    pitch: float


def offset_from(base: Stance, look: Stance) -> Stance:
    """How far eyes and head are from there; the eyes without what only makes up for the head."""
    yaw, pitch = look.yaw - base.yaw, look.pitch - base.pitch
    x, y = beyond_head_turn(look.x - base.x, yaw), beyond_head_turn(look.y - base.y, -pitch)
    return Stance(x, y, yaw, pitch)


def beyond_head_turn(offset: float, angle_deg: float) -> float:
    """What is left of an eye offset after taking off what only makes up for the head's turn.

    Someone whose head is turned left and whose eyes are turned right by as much looks at the camera. The
    angle counts in the offset's own sense. An eye that follows the head keeps its offset.
    """
    turn = TURN * sin(radians(angle_deg))
    if offset * turn >= 0:
        return offset
    left = abs(offset) - abs(turn)
    return copysign(left, offset) if left > 0 else 0.0


def direction_of(x: float, y: float, horizontal: float, vertical: float) -> Direction:
    """The side that is furthest beyond its threshold, as the person sees it; center if none is."""
    across, along = abs(x) / horizontal, abs(y) / vertical
    if max(across, along) < 1:
        return "center"
    if across >= along:
        return "left" if x > 0 else "right"
    return "down" if y > 0 else "up"
