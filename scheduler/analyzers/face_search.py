"""Where the detector looks for faces, and which faces its looks of late have shown.

Most looks are at the whole frame. Others are closer, at parts of it, where alone small faces are found, far
away or in the background; and, as long as nobody is there, from further back, since a face that fills the
frame is not found in it, and turned around. All of them come one after the other when a picture begins, so
that a second person is known in the first seconds, and from then on seldom. Of a face that the detector is
not sure of one more look, at the face itself, decides: what is none is not found again once it is larger.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..core import Moment, Roi
from ..models.outputs import Box, Face
from ..models.regions import SURE, closer_region, further_region, same_face, tiles, turned_regions

PART = 0.6  # of the frame's longer side
EVERY_S = 1.5  # from one look at a part to the next
OTHER_SCALE = 1.25  # of two regions' sides
KEPT_S = 3.0  # a part's faces, until it is looked at again
REFUSED_S = 3.0
SEVERAL = 2  # faces: where so many are certain no further one needs to be


@dataclass(eq=False)
class Sighting:
    """A face, and the region in which it is found, None: the whole frame.

    ``scale``: the side of the region of the look that found it first. ``certain``: whether it is one at all;
    None: nobody knows yet. ``judged_s``: when that was found out. ``looks``: how many have shown it.
    """

    face: Face
    region: Roi | None
    scale: float
    seen_s: float
    certain: bool | None = None
    judged_s: float = 0.0
    looks: int = 0


class FaceSearch:
    """One session's. ``region``: where the next look is; None: at the whole frame."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Nobody was seen yet."""
        self.region: Roi | None = None
        self._sightings: list[Sighting] = []
        self._doubted: Sighting | None = None
        self._looked_at = 0  # parts
        self._part_s = 0.0  # when the newest one was
        self._begun = False  # each part was looked at once

    @property
    def asks(self) -> bool:
        """Whether the next look is to tell if a face is one."""
        return self._doubted is not None

    @property
    def faces(self) -> list[Face]:
        """Those that are certain; the best of the others where nobody is, all of them where several are."""
        certain = self._certain()
        others = [each.face for each in self._sightings if each.certain is None]
        if len(certain) >= SEVERAL:
            return [each.face for each in certain] + others
        return [each.face for each in certain] or sorted(others, key=lambda face: -face.score)[:1]

    @property
    def confirmed(self) -> list[Face]:
        """Those that are certain and were shown by more than one look."""
        return [each.face for each in self._certain() if each.looks > 1]

    def see(self, faces: Sequence[Face], at: Moment, followed: Box | None, economy: bool = False) -> None:
        """Take the look at ``region`` in, and choose the next one.

        ``followed``: a face that landmarks follow, which is certain. ``economy``: believe what whole frames
        show, and look at nothing else, but for steps back.
        """
        region, doubted = self.region, self._doubted
        self.region = self._doubted = None
        self._take(faces, region, at)
        if doubted is not None:
            doubted.certain = doubted.seen_s == at.media_s
            doubted.judged_s = at.media_s
        for each in self._sightings:
            if economy or (followed is not None and same_face(each.face.box, followed)):
                each.certain = True
            elif each.certain is False and at.media_s - each.judged_s >= REFUSED_S:
                each.certain = None
        somebody = followed is not None or bool(self._sightings)
        if economy:
            self.region = None if somebody or region else further_region(at.width, at.height)
            return
        self._doubted = None if self._begun and doubted else self._next_doubt()
        if self._doubted is not None:
            self.region = closer_region(self._doubted.face.box)
        elif not (self._begun and region):
            self.region = self._next_part(at, somebody)

    def _certain(self) -> list[Sighting]:
        return [each for each in self._sightings if each.certain]

    def _take(self, faces: Sequence[Face], region: Roi | None, at: Moment) -> None:
        scale = region.size if region else max(at.width, at.height)
        seen = [self._sighting(face, region, scale, at.media_s) for face in faces]
        self._sightings = [
            each for each in self._sightings if each in seen or self._stays(each, faces, region, at.media_s)
        ]

    @staticmethod
    def _stays(unseen: Sighting, faces: Sequence[Face], region: Roi | None, media_s: float) -> bool:
        """Whether a face may still be there that this look has not shown, since another one does.

        Where this look shows a face, an older one is the same that has moved.
        """
        moved = any(same_face(unseen.face.box, face.box) for face in faces)
        kept = unseen.region is None or media_s - unseen.seen_s < KEPT_S
        return unseen.region != region and kept and not moved

    def _sighting(self, face: Face, region: Roi | None, scale: float, media_s: float) -> Sighting:
        """What is known of a face; one that the whole frame shows is no part's any more.

        One that is found at two scales is certain. Of two places of who moved the later one tells.
        """
        same = (each for each in self._sightings if same_face(each.face.box, face.box))
        known = max(same, key=lambda each: (each.seen_s < media_s, each.seen_s), default=None)
        if known is None:
            known = Sighting(face, region, scale, media_s)
            self._sightings.append(known)
        elif region in (None, known.region):
            known.face, known.region = face, region
        known.seen_s, known.looks = media_s, known.looks + 1
        if face.score >= SURE or max(scale, known.scale) >= OTHER_SCALE * min(scale, known.scale):
            known.certain = True
        return known

    def _next_doubt(self) -> Sighting | None:
        """The smallest: of the largest face landmarks tell as well."""
        if len(self._certain()) >= SEVERAL:
            return None
        doubted = (each for each in self._sightings if each.certain is None)
        return min(doubted, key=lambda each: each.face.box.area, default=None)

    def _next_part(self, at: Moment, somebody: bool) -> Roi | None:
        further = [] if somebody else [further_region(at.width, at.height)]
        if not self._begun or at.media_s - self._part_s >= EVERY_S:
            turned = [] if somebody else turned_regions(at.width, at.height)
            tour = further + tiles(at.width, at.height, PART) + turned
            region = tour[self._looked_at % len(tour)]
            self._looked_at, self._part_s = self._looked_at + 1, at.media_s
            self._begun = self._begun or self._looked_at >= len(tour)
            return region
        apart = [each for each in self._certain() if each.region is not None]
        return min(apart, key=lambda each: each.seen_s).region if apart else next(iter(further), None)
