"""Where to look for faces and at the face: detection sets the mesh's region, the mesh then follows itself.

The mesh's region is MediaPipe's: the square around the face, 1.5 times as large, turned so that the eyes are
level. From then on it comes from the landmarks of the last look, until they are lost or the detector sees
faces, but none there.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.shm.frame import FrameInfo

from ..core import Roi, whole_frame
from ..models.outputs import Box, Face, Mesh
from ..models.regions import MIN_PRESENCE, face_region, further_region, mesh_region

SAME_FACE = 0.2  # IoU; the detector's box and the landmarks' differ, most on a turned head

FILLS_FRAME = 0.5  # of the frame's longer side


class FaceTracker:
    """One session's view of where its person's face is."""

    def __init__(self) -> None:
        self.tracked: Box | None = None
        self.detected: Face | None = None
        """Whose region it is, until landmarks are found in it."""
        self._region: Roi | None = None
        self._keypoints: NDArray[np.float64] | None = None
        self._back = False

    def detector_region(self, info: FrameInfo) -> Roi:
        """The whole frame; from further back as long as that is what finds the face."""
        return further_region(info.width, info.height) if self._back else whole_frame(info)

    def mesh_region(self) -> Roi | None:
        """Around the face, or None while there is none."""
        return self._region

    def followed_region(self) -> Roi | None:
        """Around the face that landmarks follow, or None while they follow none."""
        return self._region if self.tracked is not None else None

    def face_region(self) -> Roi | None:
        """The followed face as embedders look at it, or None while no landmarks are known."""
        return None if self._keypoints is None else face_region(self._keypoints)

    def see_faces(self, faces: Sequence[Face], longer_side: float) -> None:
        """Take a detection in; ``longer_side`` is the frame's, in pixels."""
        if not faces:
            self._back = not self._back
            return
        nearest = max(faces, key=lambda face: face.box.longer_side)
        self._back = self._back and nearest.box.longer_side > FILLS_FRAME * longer_side
        tracked = self.tracked
        if tracked is None or all(face.box.iou(tracked) < SAME_FACE for face in faces):
            self.tracked = self._keypoints = None
            self._region, self.detected = mesh_region(nearest.box, nearest.tilt), nearest

    def see_mesh(self, mesh: Mesh) -> bool:
        """Take landmarks in; False if there was no face in the region."""
        if mesh.presence < MIN_PRESENCE:
            self.forget()
            return False
        self.tracked, self._keypoints, self.detected = mesh.box, mesh.keypoints, None
        self._region = mesh_region(mesh.box, mesh.tilt)
        return True

    def forget(self) -> None:
        """Drop the tracked face; the next detection sets a new one."""
        self.tracked = self._region = self._keypoints = self.detected = None
