"""The lipsync stream: whether the voice heard is the mouth's that is seen, and by how much it is late.

Fed by both tracks of a session, and compared by when the sender captured them: arrival says nothing, since
sound and picture take different times on their way. Cheap looks decide whether the dear one is worth it::

    vad            speech in the last seconds?  ─┐
    face_mesh      a mouth, seen and moving?    ─┼─►  lip_sync   offset and likeness  ─►  rule
    (lip_crops     its pictures, for SyncNet)   ─┘

Where the session's face and audio streams run, it joins their looks (see ``sessions.py``).
"""

from collections.abc import Mapping
from typing import Any, Literal

from argusd.ingest.shm.frame import FrameInfo

from ..contract.policy import Policy
from ..contract.roles import FACE_DETECTOR, FACE_MESH, LIP_CROPS, LIP_SYNC, VAD
from ..contract.streams.interview import LIPSYNC
from ..core import EVERY_WINDOW, Moment, Outcome, Reuse, Roi
from ..models.outputs import Face, LagCurve, Mesh, SeenMouth, SyncEstimate, VoiceActivity
from ..models.regions import lip_region
from ..rules import Rule, certainty, exceeds
from .cadence import while_followed
from .face_tracker import FaceTracker
from .lag_curves import LagCurves
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
DISTINCT = 0.3  # how much better than in sync it must fit there, in what a peak needs to be more than chance
FORGOTTEN_S = 5.0  # after so long without a comparison nothing is told
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
        self._curves = LagCurves()
        self._heard_s = 0.0
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
        elif role == FACE_DETECTOR and not at.part:
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

        ``sync``: ``in_sync``, ``early`` or ``late`` (the sound), or ``unknown`` where nothing is to compare
        or mouth and voice agree nowhere better than by chance: a hidden mouth, another one's voice.
        ``score`` 0..1: how well they agree as they come. ``offset_ms``: by how much sound is late (negative:
        early). Both are null while it is unknown. ``peak``: how well they agree at best, and ``needed``: what
        that must reach to be more than chance; null while there is nothing to compare.
        """
        found, known = self._curves.found, self._curves.known
        return {
            "sync": self._sync,
            "score": round(found.score, 3) if found and known else None,
            "offset_ms": round(found.offset_ms) if found and known else None,
            "peak": found and round(found.peak, 3),
            "needed": found and round(self._curves.needed, 3),
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
        self._curves.forget()
        self._offset_before = None

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
    def _sync(self) -> Literal["in_sync", "early", "late", "unknown"]:
        found = self._curves.found
        if found is None or not self._curves.known:
            return "unknown"
        if abs(found.offset_ms) < self._policy.lip_sync.max_offset_ms:
            return "in_sync"
        return "late" if found.offset_ms > 0 else "early"

    def _hear(self, voice: VoiceActivity, at: Moment) -> None:
        self._heard_s = at.media_s
        speech = voice.speech >= self._policy.vad_threshold
        self._heard.feed(speech, at.lasts_s)
        self._since_speech_s = 0.0 if speech else self._since_speech_s + at.lasts_s
        compared_s = self._curves.newest_s
        if compared_s is not None and at.media_s - compared_s > FORGOTTEN_S:
            self._curves.silence()
            self._offset_before = None
        if self._told_s is None or at.media_s - self._told_s >= TELL_EVERY_S:
            self.news = self._curves.found is None
            self._told_s = at.media_s if self.news else self._told_s

    def _compare(self, curve: LagCurve | None, at: Moment) -> list[Outcome]:
        if curve is None:
            return []
        # What was compared ends before what was heard meanwhile.
        found = self._curves.take(curve, self._heard_s, at.lasts_s, self._policy.lip_sync.likeness)
        self._told_s, self.news = self._heard_s, True
        outcomes = self._judge(found, at.media_s)
        if self._pace.due(at.media_s, self._rule.open):
            outcomes.append(
                Outcome("observation", self.name, "update", round(found.peak, 3), data=self.latest())
            )
        return outcomes

    def _judge(self, found: SyncEstimate, media_s: float) -> list[Outcome]:
        """Feed the rule: an offset that is large, sure, found twice, and fits better than none."""
        before, self._offset_before = self._offset_before, found.offset_ms
        if not self._curves.known:
            return []
        most_ms, needed = self._policy.lip_sync.max_offset_ms, self._curves.needed
        apart = exceeds(abs(found.offset_ms), most_ms, self._rule.holds)
        agreed = before is not None and abs(found.offset_ms - before) <= AGREE_MS
        data = {
            "offset_ms": round(found.offset_ms),
            "threshold_ms": most_ms,
            "score": round(found.score, 3),
            "peak": round(found.peak, 3),
            "needed": round(needed, 3),
        }
        wrong = apart and agreed and found.peak >= found.score + DISTINCT * needed
        return self._rule.feed(wrong, certainty(found.peak, needed), media_s, data)
