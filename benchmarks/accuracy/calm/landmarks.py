"""Where the face is in each picture of a clip, by the daemon's own models, so that it can wear things."""

from collections.abc import Sequence

import numpy as np

from argusd.scheduler.contract.roles import FACE_MESH
from argusd.scheduler.models.regions import MIN_PRESENCE

from ...films.drawn import planes
from ...rigs.recorded import Recorded
from ...rigs.virtual import Models, VirtualSessions
from ..clip_verdicts import POLICY
from .disturbances import FRAMES_PER_S, Landmarks, Pixels, Shot

LONGEST_GAP_S = 0.5  # between two looks; in a longer one nobody knows where the face was

Seen = tuple[float, Landmarks]


def shots_of(models: Models, pictures: Sequence[Pixels]) -> list[Shot]:
    """Pictures at ``FRAMES_PER_S``, each with the face in it. Needs a running event loop."""
    moments = [number / FRAMES_PER_S for number in range(len(pictures))]
    faces = between(seen_in(models, pictures), moments)
    return [Shot(picture, face) for picture, face in zip(pictures, faces, strict=True)]


def seen_in(models: Models, pictures: Sequence[Pixels]) -> list[Seen]:
    """The landmarks of each look at a face, and when it was."""
    looks = Recorded()
    sessions = VirtualSessions(models, lambda _: None, looks.factories())
    height, width = pictures[0].shape[:2]
    sessions.enter("faces", POLICY, ["face"], (width, height), sound=False)
    for number, picture in enumerate(pictures):
        sessions.show("faces", number / FRAMES_PER_S, planes(picture))
        sessions.serve()
    sessions.leave("faces")
    told = (arguments for call, arguments in looks.calls["face"] if call == "absorb")
    meshes = ((at.media_s, mesh) for role, mesh, at in told if role == FACE_MESH)
    return [(at_s, mesh.points[:, :2]) for at_s, mesh in meshes if mesh.presence >= MIN_PRESENCE]


def between(seen: Sequence[Seen], moments: Sequence[float]) -> list[Landmarks | None]:
    """The landmarks at each moment, between two looks on the line from one to the other.

    ``seen`` is in the order of time.
    """
    faces: list[Landmarks | None] = []
    times = np.array([at_s for at_s, _ in seen])
    for moment in moments:
        after = int(np.searchsorted(times, moment))
        near = [seen[place] for place in (after - 1, after) if 0 <= place < len(seen)]
        near = [each for each in near if abs(each[0] - moment) <= LONGEST_GAP_S]
        faces.append(_line(near, moment) if near else None)
    return faces


def _line(ends: Sequence[Seen], moment: float) -> Landmarks:
    (begin, first), (end, last) = ends[0], ends[-1]
    share = (moment - begin) / (end - begin) if end > begin else 0.0
    return first + share * (last - first)
