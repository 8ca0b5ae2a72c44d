"""What a face does that a picture of one does not: a blink, eyes that move in their head, a mouth that opens
and closes, and motion that no plane has (``flatness.py``).

The thresholds are about twice what noise does to the landmarks of pictures that are held, tilted and waved.
"""

from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from ...models.outputs import Box, Mesh
from .flatness import Motion, Reference

WINDOW_S = 10.0
MOST_LOOKS = 600  # in a window. Overflow: the oldest go
# A look tells of the time since the one before, unless a blink fits in between.
LONGEST_STEP_S = 0.3
SAME_FACE = 0.3  # IoU of a face's boxes in two looks
COMPARED_EVERY_S = 0.25  # heads and hands are slower than lids; comparing is most of the cost

EYES = 0.15  # range of ``Gaze.x``
MOUTH = 0.05  # range of ``Mesh.mouth_open``
DEPTH = 0.015  # of ``Motion.off``, without what it is of a picture that is tilted as much
# The mesh thinks of a head where a picture tilts: its points are off a plane by about 0.6 of what that moved.
# Those of a head are by 0.94 where it turns, and by several times as much where it nods.
ERRS = 0.5
OFF_A_PLANE = 0.75
TILTED = 0.03  # ``Motion.moved`` of a picture that is turned by 20 degrees, of a head by 8
TILTED_SHARE = 0.1  # of what a window compares
# A blink closes the lids to less than half of what they usually are, and is over within a second.
SHUT, OPEN = 0.5, 0.75
LONGEST_BLINK_S = 1.0


class Look(NamedTuple):
    """What one look adds to the window."""

    media_s: float
    open: float
    eyes: float
    mouth: float


class Compared(NamedTuple):
    """What the face did since the reference."""

    media_s: float
    motion: Motion


class Signs(NamedTuple):
    """What the window shows. ``tilted``: as a plane does, and no head."""

    eyes: float = 0.0
    mouth: float = 0.0
    depth: float = 0.0
    tilted: bool = False

    @property
    def of_life(self) -> bool:
        """Whether any of them is one of life."""
        return self.eyes >= EYES or self.mouth >= MOUTH or self.depth >= DEPTH


class SignsOfLife:
    """One face's. ``watched_s``: in looks that no blink fits between; ``calm_s``: since ``alive_s``."""

    def __init__(self) -> None:
        self.signs = Signs()
        self.blinks = 0
        self.watched_s = self.calm_s = 0.0
        self.alive_s: float | None = None
        self.tilted = False  # since then
        self._looks: deque[Look] = deque(maxlen=MOST_LOOKS)
        self._compared: deque[Compared] = deque(maxlen=MOST_LOOKS)
        self._box: Box | None = None
        self._reference: Reference | None = None
        self._reference_s = 0.0
        self._usual: float | None = None  # distance of the lids over the eye's width
        self._shut_s: float | None = None

    def are_of(self, box: Box) -> bool:
        """Whether a face that is there now is the same, as far as places tell."""
        return self._box is None or box.iou(self._box) >= SAME_FACE

    def see(self, mesh: Mesh, media_s: float) -> None:
        """Take one look in."""
        self._box = mesh.box
        before = self._looks[-1] if self._looks else None
        if before is not None and 0 < media_s - before.media_s <= LONGEST_STEP_S:
            self.watched_s += media_s - before.media_s
            self.calm_s += media_s - before.media_s
        eyes = before.eyes if mesh.gaze.blink and before is not None else mesh.gaze.x
        self._looks.append(Look(media_s, mesh.gaze.open, eyes, mesh.mouth_open))
        if not self._compared or not 0 <= media_s - self._compared[-1].media_s < COMPARED_EVERY_S:
            self._compared.append(Compared(media_s, self._motion(mesh, media_s)))
        for window in (self._looks, self._compared):
            while not media_s - WINDOW_S <= window[0].media_s <= media_s:
                window.popleft()
        if self._blinked(mesh.gaze.open, media_s):
            self.blinks += 1
            self._live(media_s)

    def sum_up(self, media_s: float) -> None:
        """Say what the window shows. A twentieth of its looks at each end may err."""
        _, lids, eyes, mouth = map(sorted, zip(*self._looks, strict=True))
        motions = [each.motion for each in self._compared]
        depth = max(0.0, median(each.off - ERRS * each.moved for each in motions))
        self.signs = Signs(_range(eyes), _range(mouth), depth, _tilted(motions))
        self._usual = lids[len(lids) // 2]
        if self.signs.of_life:
            self._live(media_s)
        self.tilted = self.tilted or self.signs.tilted

    def _live(self, media_s: float) -> None:
        self.alive_s, self.calm_s, self.tilted = media_s, 0.0, False

    def _motion(self, mesh: Mesh, media_s: float) -> Motion:
        motion = self._reference.motion(mesh.points) if self._reference is not None else None
        if motion is None or not 0 <= media_s - self._reference_s < WINDOW_S:
            self._reference, self._reference_s = Reference(mesh.points), media_s
        return motion or Motion(0.0, 0.0)

    def _blinked(self, opened: float, media_s: float) -> bool:
        if self._usual is None:
            return False
        if opened < SHUT * self._usual:
            self._shut_s = media_s if self._shut_s is None else self._shut_s
        elif opened > OPEN * self._usual and self._shut_s is not None:
            shut_s, self._shut_s = self._shut_s, None
            return 0 < media_s - shut_s <= LONGEST_BLINK_S
        return False


def _range(ordered: Sequence[float]) -> float:
    spared = len(ordered) // 20
    return ordered[-1 - spared] - ordered[spared]


def _tilted(motions: Sequence[Motion]) -> bool:
    far = [each.off / each.moved for each in motions if each.moved >= TILTED]
    return len(far) > TILTED_SHARE * len(motions) and median(far) < OFF_A_PLANE
