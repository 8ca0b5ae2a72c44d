"""The lipsync stream: whether the voice heard is the mouth's that is seen, and by how much it is late.

Fed by both tracks of a session, and compared by when the sender captured them: arrival says nothing, since
sound and picture take different times on their way. Cheap looks decide whether the dear one is worth it::

    vad            speech in the last seconds?  ─┐
    face_mesh      a mouth, seen and moving?    ─┼─►  lip_sync   offset and likeness  ─►  rule
    (lip_crops     its pictures, for SyncNet)   ─┘

Where the session's face and audio streams run, it joins their looks (see ``sessions.py``).
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from argusd.ingest.shm.frame import FrameInfo

from ..contract.policy import Policy
from ..contract.roles import FACE_DETECTOR, FACE_MESH, LIP_CROPS, LIP_SYNC, VAD
from ..contract.streams.interview import LIPSYNC
from ..core import EVERY_WINDOW, Moment, Outcome, Reuse, Roi
from ..models.lag_search import estimate
from ..models.outputs import Face, LagCurve, Mesh, SeenMouth, SyncEstimate, VoiceActivity
from ..models.regions import lip_region
from ..rules import Rule, exceeds
from .cadence import while_followed
from .face_tracker import FaceTracker
from .mouth import Mouth
from .observations import ObservationPace
from .registry import analyzes
from .speech import RecentSpeech

CROPS_HZ = 50.0  # every frame of a usual camera
IDLE_MESH_HZ = 2.0  # while nobody speaks: enough to keep the face
HEARD_S = 6.0
TALKS = 0.3  # of the last six seconds must be speech: pauses tell as much as words
SPOKE_S = 2.0  # for so long after a word the mouth is watched closely
AGREE_MS = 120.0  # two looks in a row must find nearly the same offset: chance does not repeat itself
DISTINCT = 0.1  # how much better than in sync it must fit there
MEMORY_S = 8.0  # comparisons that are averaged: chance averages out, an offset stays
MOST_CURVES = 16
FORGOTTEN_S = 5.0  # after so long without a comparison nothing is known
PATIENCE_S = 10.0
TELL_EVERY_S = 1.0  # that there is nothing to compare


@analyzes(LIPSYNC)
class LipSyncAnalyzer:
    """One session's lip sync; fed with faces, ``Mesh``, ``VoiceActivity``, pictures and ``LagCurve | None``.

    ``news``: whether ``latest`` changed: a comparison, or once a second that there is none.
    """

    name = LIPSYNC.name

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._rule = Rule("lip_sync_violation", policy.lip_sync, patience_s=PATIENCE_S)
        self._pace = ObservationPace(policy.rates.observations)
        self._tracker = FaceTracker()
        self._mouth = Mouth()
        self._heard = RecentSpeech(HEARD_S)
        self._since_speech_s = 0.0  # as if somebody spoke, until it is heard that nobody does
        self._curves: deque[tuple[float, LagCurve]] = deque(maxlen=MOST_CURVES)
        self._estimate: SyncEstimate | None = None
        self._heard_s = 0.0
        self._hop_s = 0.0  # from one comparison to the next
        self._offset_before: float | None = None
        self._told_s: float | None = None
        self.news = False

    @property
    def rates(self) -> Mapping[str, float]:
        """The mesh looks closely while somebody speaks."""
        return {
            FACE_DETECTOR: self._policy.rates.face_detector,
            FACE_MESH: self._policy.rates.mouth if self._speaking else IDLE_MESH_HZ,
            LIP_CROPS: CROPS_HZ,
            VAD: EVERY_WINDOW,
            LIP_SYNC: EVERY_WINDOW,
        }

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._policy = policy
        self._pace.apply(policy.rates.observations)
        return self._rule.retune(policy.lip_sync, PATIENCE_S)

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """The whole frame for the detector; the face for the mesh, and for pictures while it talks."""
        if role == FACE_DETECTOR:
            return self._tracker.detector_region(info)
        if role == FACE_MESH:
            return self._tracker.mesh_region()
        face = self._tracker.tracked
        return lip_region(face) if face and self._speaking and self._mouth.moving else None

    def reuse(self, role: str) -> Reuse | None:
        """What the detector saw, while the mesh follows a face."""
        face = self._tracker.followed_region() if role == FACE_DETECTOR else None
        return face and while_followed(self._policy.gates, face, self._policy.multiple_faces)

    def wants(self, role: str) -> bool:
        """Everything is heard by the voice detector; compared is speech with a mouth that moves."""
        return role == VAD or (role == LIP_SYNC and self._talks and self._mouth.moving)

    def seen_since(self, begins_s: float) -> SeenMouth | None:
        """What the mouth did from this moment on."""
        return self._mouth.since(begins_s)

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        """Take one look in."""
        self.news = False
        if role == VAD:
            self._hear(output, at)
        elif role == LIP_SYNC:
            return self._compare(output, at)
        elif role == FACE_DETECTOR:
            faces: list[Face] = output
            self._tracker.see_faces(faces, max(at.width, at.height))
        elif role == FACE_MESH:
            mesh: Mesh = output
            if self._tracker.see_mesh(mesh) and at.on_sender_clock:
                self._mouth.see(at.captured_at, mesh.mouth_open)
        elif role == LIP_CROPS and at.on_sender_clock:
            self._mouth.keep(at.captured_at, output)
        return []

    def latest(self) -> dict[str, Any]:
        """The stream's JSON of the wire contract.

        ``score`` 0..1: how well mouth and voice agree as they come. ``offset_ms``: by how much sound is late
        (negative: early), and ``peak``: how well they agree then. Null while there is nothing to compare.
        """
        found = self._estimate
        return {
            "score": found and round(found.score, 3),
            "offset_ms": round(found.offset_ms) if found and found.peak >= self._likeness else None,
            "peak": found and round(found.peak, 3),
            "has_speech": self._talks,
            "mouth_visible": self._mouth.visible,
            "mouth_moving": self._mouth.moving,
            "violations": [self._rule.name] if self._rule.open else [],
        }

    def restart(self) -> None:
        """A track began anew: forget where the face was."""
        self._tracker.forget()

    def forget(self) -> None:
        """Nothing was seen or heard yet."""
        self.restart()
        self._mouth = Mouth()
        self._heard = RecentSpeech(HEARD_S)
        self._since_speech_s = 0.0
        self._curves.clear()
        self._estimate = self._offset_before = None

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002 - ends date from when the condition last held
        """End what is open."""
        return self._rule.close()

    @property
    def _speaking(self) -> bool:
        return self._since_speech_s < SPOKE_S

    @property
    def _talks(self) -> bool:
        return self._heard.share >= TALKS

    @property
    def _likeness(self) -> float:
        """What a peak must reach to mean anything: less, the longer there were comparisons."""
        wanted = self._policy.lip_sync.likeness
        if wanted is not None:
            return wanted
        (first_s, _), (last_s, curve) = self._curves[0], self._curves[-1]
        share = min(1.0, (last_s - first_s) / (MEMORY_S - self._hop_s))
        return curve.threshold + share * (curve.settled - curve.threshold)

    def _hear(self, voice: VoiceActivity, at: Moment) -> None:
        self._heard_s = at.media_s
        speech = voice.speech >= self._policy.vad_threshold
        self._heard.feed(speech, at.lasts_s)
        self._since_speech_s = 0.0 if speech else self._since_speech_s + at.lasts_s
        if self._curves and at.media_s - self._curves[-1][0] > FORGOTTEN_S:
            self._curves.clear()
            self._estimate = self._offset_before = None
        if self._told_s is None or at.media_s - self._told_s >= TELL_EVERY_S:
            self.news = self._estimate is None
            self._told_s = at.media_s if self.news else self._told_s

    def _compare(self, curve: LagCurve | None, at: Moment) -> list[Outcome]:
        if curve is None:
            return []
        # What was compared ends before what was heard meanwhile.
        self._curves.append((self._heard_s, curve))
        self._hop_s = at.lasts_s
        while self._curves[0][0] <= self._heard_s - MEMORY_S:
            self._curves.popleft()
        found = estimate(np.mean([each.likeness for _, each in self._curves], axis=0))
        self._estimate, self._told_s, self.news = found, self._heard_s, True
        outcomes = self._judge(found, at.media_s)
        if self._pace.due(at.media_s, self._rule.open):
            outcomes.append(
                Outcome("observation", self.name, "update", round(found.peak, 3), data=self.latest())
            )
        return outcomes

    def _judge(self, found: SyncEstimate, media_s: float) -> list[Outcome]:
        """Feed the rule: an offset that is large, sure, found twice, and fits better than none."""
        before, self._offset_before = self._offset_before, found.offset_ms
        if found.peak < self._likeness:
            return []
        most_ms = self._policy.lip_sync.max_offset_ms
        apart = exceeds(abs(found.offset_ms), most_ms, self._rule.holds)
        agreed = before is not None and abs(found.offset_ms - before) <= AGREE_MS
        data = {
            "offset_ms": round(found.offset_ms),
            "threshold_ms": most_ms,
            "score": round(found.score, 3),
            "peak": round(found.peak, 3),
        }
        wrong = apart and agreed and found.peak >= found.score + DISTINCT
        return self._rule.feed(wrong, found.peak, media_s, data)
