"""A head that is turned so far aside that its landmarks are not found: two models' guesses that agree."""

from math import atan2, degrees

from ...models.outputs import Face, HeadPose, Mesh

# The nose tip lies before the eyes by so many of their distances; so far does it move aside at 45 degrees.
NOSE = 0.5
TURNED_DEG = 30.0  # by the detector's keypoints
AGREED_DEG = 15.0  # by the mesh as well: where it finds no face it stays too near to one seen from the front


def turned_head(face: Face, mesh: Mesh) -> HeadPose | None:
    """How a head is held where a face was detected, and no landmarks that would surely be a face's.

    None: the two do not both say that it is turned, to the same side.
    """
    yaw, drawn = yaw_of(face), mesh.pose.yaw
    if abs(yaw) < TURNED_DEG or abs(drawn) < AGREED_DEG or yaw * drawn < 0:
        return None
    return mesh.pose._replace(yaw=(yaw + drawn) / 2)


def yaw_of(face: Face) -> float:
    """How far a head is turned, by its eyes and its nose tip: degrees as in ``HeadPose``, give or take 15."""
    right, left, nose = face.keypoints[:3]
    across = left - right
    aside = float((nose - (right + left) / 2) @ across)
    return degrees(atan2(aside, NOSE * float(across @ across)))
