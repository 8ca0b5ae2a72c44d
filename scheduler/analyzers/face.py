"""The face stream: how many faces, and where the person looks."""

from collections import deque
from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import Any

import numpy as np

from argusd.ingest.shm.frame import FrameInfo

from ..contract.policy import Identity, Policy
from ..contract.roles import FACE_DETECTOR, FACE_EMBEDDER, FACE_MESH
from ..contract.streams.interview import FACE
from ..core import Moment, Outcome, Reuse, Roi, whole_frame
from ..models.outputs import Box, Face, Mesh
from ..models.persons import Counted, living_faces
from ..models.regions import same_face
from ..rules import Rule, certainty
from .cadence import Cadence, while_empty, while_followed
from .face_search import FaceSearch
from .face_tracker import FaceTracker
from .observations import ObservationPace
from .person.attention import Attention
from .person.identity import IdentityCheck
from .person.liveness import Liveness
from .person.turned_head import turned_head
from .registry import analyzes

NOWHERE = np.zeros((0, 2))
MAX_TURN_DEG = 30.0
LOOKS = 3  # the count is the middle one of so many looks: one wrong look changes nothing
TRACKED_FOR_S = 1.0  # a mesh this young vouches for a face that the detector misses


@analyzes(FACE)
class FaceAnalyzer:
    """One session's face findings; fed with ``list[Face]``, ``Mesh`` and ``FaceEmbedding``."""

    name = FACE.name
    news = True

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._search = FaceSearch()
        self._tracker = FaceTracker()
        self._attention = Attention(policy)
        self._liveness = Liveness(policy)
        self._absent = Rule("face_absent", policy.face_absent)
        self._multiple = Rule("multiple_faces", policy.multiple_faces, "critical")
        self._identity = IdentityCheck(policy.identity) if policy.identity else None
        self._detecting, self._following = Cadence(), Cadence()
        self._pace = ObservationPace(policy.rates.observations)
        self._counts: deque[int] = deque(maxlen=LOOKS)
        self._count = 0
        self._alive: deque[int] = deque(maxlen=LOOKS)  # of the counted faces, those that surely live
        self._faces: list[Face] = []
        self._picture = (0, 0)  # width and height of the one that showed them
        self._mesh_s: float | None = None
        self._landmarks = NOWHERE  # x and y in 0..1 of the frame
        self.rates = self._wanted()

    def _wanted(self) -> Mapping[str, float]:
        """Looks per second of the detector, of the mesh, and of the embedder if an identity is asked for."""
        policy = self._policy
        faces = (policy.multiple_faces, policy.face_absent)
        attention = (policy.gaze_away, policy.head_turned)
        rates = {
            FACE_DETECTOR: self._detecting.rate(policy.gates, policy.rates.face_detector, *faces),
            FACE_MESH: self._following.rate(policy.gates, policy.rates.face_mesh, *attention),
        }
        return rates | ({FACE_EMBEDDER: self._identity.rate} if self._identity else {})

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._policy = policy
        self._pace.apply(policy.rates.observations)
        outcomes = self._absent.retune(policy.face_absent) + self._multiple.retune(policy.multiple_faces)
        outcomes += self._attention.apply(policy) + self._liveness.apply(policy)
        outcomes += self._apply_identity(policy.identity)
        self.rates = self._wanted()
        return outcomes

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """The whole frame or a part of it for the detector; the face, if any, for the others."""
        if role == FACE_DETECTOR:
            return self._search.region or whole_frame(info)
        return self._tracker.mesh_region() if role == FACE_MESH else self._embedder_region()

    def reuse(self, role: str) -> Reuse | None:
        """What the detector saw, while nobody is there or one face is, which the mesh follows."""
        if role != FACE_DETECTOR or not self._counts or self._search.asks:
            return None
        face = self._tracker.followed_region()
        if self._count == self._counts[-1] == 0:
            return while_empty(self._policy.gates)
        if face is None or not self._faces or max(self._counts) > 1:
            return None
        return while_followed(self._policy.gates, face, self._policy.multiple_faces)

    def wants(self, role: str) -> bool:  # noqa: ARG002 - a picture has no sound
        """Nothing: this stream is silent."""
        return False

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        """Take faces (detector), landmarks (mesh) or an embedding in."""
        if role == FACE_DETECTOR:
            outcomes = self._see_faces(output, at)
        elif role == FACE_MESH:
            outcomes = self._see_mesh(output, at)
        else:
            assert self._identity is not None, "nobody asked for embeddings"
            outcomes = self._identity.see(output, at.media_s)
        if self._policy.gates.calm_session:
            self.rates = self._wanted()
        return outcomes + self._observe(at)

    def latest(self) -> dict[str, Any]:
        """The stream's JSON of the wire contract; boxes are left, top, right, bottom in 0..1 of the frame.

        ``landmarks``, where the policy asks for them: x and y of each, numbered as MediaPipe's.
        """
        shown = {"landmarks": self._landmarks.round(4).tolist()} if self._policy.landmarks else {}
        return self._told() | shown

    def _told(self) -> dict[str, Any]:
        violations = [rule.name for rule in self._rules() if rule.open]
        return self._attention.latest() | {
            "liveness": self._liveness.latest(),
            "face_count": self._count,
            "faces": [face.box.in_unit(*self._picture) for face in self._faces],
            "violations": violations,
            **({"identity": self._identity.latest()} if self._identity else {}),
        }

    def restart(self) -> None:
        """Forget where the face was; the count and what is open stay."""
        self._search.forget()
        self._tracker.forget()
        self._mesh_s, self._landmarks = None, NOWHERE

    def forget(self) -> None:
        """Nobody was seen yet; whom to expect stays."""
        self.restart()
        self._counts.clear()
        self._alive.clear()
        self._count = 0
        self._faces = []
        self._attention.lose_face()
        self._liveness.lose_face()
        if self._identity is not None:
            self._identity.forget()

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002 - ends date from when a condition last held
        """End what is open."""
        return [outcome for rule in self._rules() for outcome in rule.close()]

    def _rules(self) -> Sequence[Rule]:
        identity = (self._identity.rule,) if self._identity else ()
        return (self._absent, self._multiple, *self._attention.rules, self._liveness.rule, *identity)

    def _apply_identity(self, wanted: Identity | None) -> list[Outcome]:
        if self._identity is not None and wanted is not None:
            return self._identity.apply(wanted)
        outcomes = self._identity.rule.close() if self._identity else []
        self._identity = IdentityCheck(wanted) if wanted else None
        return outcomes

    def _embedder_region(self) -> Roi | None:
        """The face, while it is seen from the front: from the side everybody looks like somebody else."""
        return self._tracker.face_region() if self._attention.facing(MAX_TURN_DEG) else None

    def _see_faces(self, seen: list[Face], at: Moment) -> list[Outcome]:
        tracked = self._mesh_s is not None and at.media_s - self._mesh_s <= TRACKED_FOR_S
        followed = self._tracker.tracked if tracked else None
        self._search.see(seen, at, followed, self._policy.economy)
        faces = self._search.faces
        self._tracker.see_faces(faces, max(at.width, at.height))
        followed = self._tracker.tracked if tracked else None
        boxes = [face.box for face in faces]
        if followed is not None and not any(same_face(box, followed) for box in boxes):
            boxes.append(followed)
        counted = living_faces(boxes, at.motion, at.width, at.height)
        self._counts.append(len(counted.all))
        self._alive.append(len(counted.all) - len(counted.doubted))
        self._faces, self._picture = faces, (at.width, at.height)
        # Faces that two looks have shown need no third.
        confirmed = sum(face.box in counted.all for face in self._search.confirmed)
        self._count = count = max(median_low(self._counts), confirmed)
        absent = self._absent.feed(count == 0, 1.0, at.media_s, {"face_count": count, "threshold": 1})
        several = self._feed_several(count, counted, at)
        doubt = self._absent.pending or self._multiple.pending or self._counts[-1] != count
        self._detecting.see(at.media_s, self._policy.rates.face_detector, doubt)
        outcomes = absent + several
        if self._absent.open:
            self._tracker.forget()
            self._landmarks = NOWHERE
            outcomes += self._attention.lose_face() + self._liveness.lose_face()
            outcomes += self._identity.rule.close() if self._identity else []
        return outcomes

    def _feed_several(self, count: int, counted: Counted[Box], at: Moment) -> list[Outcome]:
        """A second face is told once it shows that it lives; meanwhile looks say nothing."""
        # A look that shows no doubtful face may have missed it: the middle one of the last looks tells.
        alive = self._alive[-1] if counted.doubted else max(median_low(self._alive), self._alive[-1])
        if count > 1 >= alive:
            return []
        second = min(sorted(face.score for face in self._faces if face.box in counted.all)[-2:], default=0.0)
        return self._multiple.feed(count > 1, second, at.media_s, {"face_count": count, "threshold": 2})

    def _see_mesh(self, mesh: Mesh, at: Moment) -> list[Outcome]:
        face = self._tracker.detected
        if not self._tracker.see_mesh(mesh):
            self._mesh_s, self._landmarks = None, NOWHERE
            self._liveness.miss(at.media_s)
            turned = turned_head(face, mesh) if face is not None else None
            return [] if turned is None else self._attention.see_turned(turned, at.media_s)
        self._mesh_s, self._landmarks = at.media_s, mesh.points[:, :2] / (at.width, at.height)
        outcomes = self._attention.see(mesh, at.media_s) + self._liveness.see(mesh, at.media_s)
        self._following.see(at.media_s, self._policy.rates.face_mesh, self._attention.pending)
        return outcomes

    def _observe(self, at: Moment) -> list[Outcome]:
        if not self._counts or not self._pace.due(at.media_s, self._count):
            return []
        confidence = certainty(len(self._counts), LOOKS / 2)
        return [Outcome("observation", self.name, "update", confidence, data=self._told())]
