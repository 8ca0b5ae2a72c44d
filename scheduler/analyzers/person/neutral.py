"""How this person's eyes and head stand while the person looks at the screen.

A camera beside the screen sees everybody turned, one below it sees lids cast down, and glasses bend the line
of sight. So calm looks teach what is neutral. It only spares: an offset counts from the camera or from the
neutral, whichever is nearer, and between the two nobody looks away.

Each calm look draws the neutral towards itself, by no more than a share of its limits a second. So it comes
to rest at the looks' median, whatever single ones say::

    limit  ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
               ╭────────────────      later it takes ADAPT_S to get there
    camera ────╯                      after FIRST_S of calm looks it counts

A look that is away by the policy's own thresholds teaches nothing, nor does one while the head moves. So who
looks far aside from the first picture on is found, and so is who slowly turns away.
"""

from typing import Literal

from ...contract.policy import GivenNeutral
from .gaze import Stance, offset_from

FIRST_S = 4.0
ADAPT_S = 60.0
STEADY_DEG = 4.0  # a head that keeps still turns by no more from one look to the next
LOOK_S = 0.5  # the longest that one look stands for

STRAIGHT = Stance(0.0, 0.0, 0.0, 0.0)
# The calm part of the default thresholds.
LIMITS = Stance(x=0.12, y=0.16, yaw=24.0, pitch=20.0)


class Neutral:
    """One session's neutral: learnt, given or none."""

    def __init__(self, wanted: Literal["on", "off"] | GivenNeutral) -> None:
        self._wanted = wanted
        self._learnt = STRAIGHT
        self._learnt_s = 0.0
        self._before: tuple[float, Stance] | None = None

    def apply(self, wanted: Literal["on", "off"] | GivenNeutral) -> None:
        """Go by this from the next look on; what was learnt stays."""
        self._wanted = wanted

    @property
    def stance(self) -> Stance | None:
        """Where offsets may be counted from as well; None: from the camera alone."""
        wanted = self._wanted
        if isinstance(wanted, GivenNeutral):
            return Stance(wanted.x, wanted.y, wanted.yaw_deg, wanted.pitch_deg)
        return self._learnt if wanted == "on" and self._learnt_s >= FIRST_S else None

    def offset(self, look: Stance, straight: Stance) -> Stance:
        """How far eyes and head are from the camera or from the neutral, whichever is nearer.

        ``straight``: how far they are from the camera.
        """
        stance = self.stance
        return straight if stance is None else Stance(*map(_nearer, straight, offset_from(stance, look)))

    def learn(self, look: Stance, media_s: float) -> None:
        """Take a calm look in."""
        before, self._before = self._before, (media_s, look)
        if self._wanted != "on" or before is None or _turn(before[1], look) > STEADY_DEG:
            return
        lasts_s = min(max(0.0, media_s - before[0]), LOOK_S)
        pace = lasts_s / (FIRST_S if self._learnt_s < FIRST_S else ADAPT_S)
        self._learnt_s += lasts_s
        changes = zip(self._learnt, look, LIMITS, strict=True)
        self._learnt = Stance(*(_towards(seen, now, limit, pace * limit) for now, seen, limit in changes))


def _nearer(straight: float, other: float) -> float:
    return min(straight, other, key=abs) if straight * other > 0 else 0.0


def _towards(seen: float, now: float, limit: float, step: float) -> float:
    wanted = min(limit, max(-limit, seen))
    return now + min(step, max(-step, wanted - now))


def _turn(before: Stance, after: Stance) -> float:
    return max(abs(after.yaw - before.yaw), abs(after.pitch - before.pitch))
