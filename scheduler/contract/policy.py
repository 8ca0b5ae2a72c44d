"""What a caller may set for a session: which findings it wants, and where their thresholds lie.

Angles are degrees, durations seconds, scores 0..1. A violation has a threshold to start, a calmer one to end,
and the time it must hold (see ``rules.py``); a rule with ``enabled = false`` reports nothing.
"""

from typing import Annotated, Literal

import msgspec

from .errors import NoReference
from .names import Name

# The ranges are checked where a policy is decoded, so nothing absurd gets as far as a rule or the planner.
Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]
Degrees = Annotated[float, msgspec.Meta(gt=0, le=180)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Hertz = Annotated[float, msgspec.Meta(ge=0.01, le=60)]
Weight = Annotated[float, msgspec.Meta(ge=0.01, le=100)]
People = Annotated[int, msgspec.Meta(ge=0, le=1000)]
LEAST_REFERENCE = 16  # bytes
TOO_SHORT = {"minLength": 1, "maxLength": -(-LEAST_REFERENCE * 4 // 3) - 1}  # as base64; see check_reference
Reference = Annotated[  # little-endian float32; see with_references
    bytes, msgspec.Meta(max_length=32_768, extra_json_schema={"not": TOO_SHORT})
]


def check_reference(part: str, reference: bytes) -> None:
    """Take a reference embedding of a policy's part.

    Raises:
        ValueError: it is too short to be one; an empty one stands for the one before.
    """
    if 0 < len(reference) < LEAST_REFERENCE:
        raise ValueError(
            f"policy.{part}.reference_embedding_b64 must be base64 of {LEAST_REFERENCE} bytes or more,"
            " or empty to stay as it is."
        )


class Hold(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long a condition must hold before its violation starts, and be gone before it ends."""

    enabled: bool = True
    start_after_s: Seconds = 1.0
    end_after_s: Seconds = 1.0


class GazeAway(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Eyes off the screen, relative to the head; how far the eyes moved, in half an eye's width, 0..1.

    Across it is what the irises moved, up and down also what the upper lids did, which go with them.
    """

    horizontal: Share = 0.15
    vertical: Share = 0.2
    start_after_s: Seconds = 0.6
    end_after_s: Seconds = 0.6


class HeadTurned(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Head turned away from the camera."""

    yaw_deg: Degrees = 30.0
    pitch_deg: Degrees = 25.0


class GivenNeutral(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is measured of somebody who looks at the screen, as ``neutral`` of the face stream's result."""

    yaw_deg: Annotated[float, msgspec.Meta(ge=-45, le=45)] = 0.0
    pitch_deg: Annotated[float, msgspec.Meta(ge=-45, le=45)] = 0.0
    x: Annotated[float, msgspec.Meta(ge=-0.5, le=0.5)] = 0.0
    y: Annotated[float, msgspec.Meta(ge=-0.5, le=0.5)] = 0.0


class PhoneDetected(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A mobile phone in the picture."""

    score: Share = 0.35


class MultiplePeople(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """More persons in the picture than allowed (whole bodies, the object detector's count)."""

    score: Share = 0.35
    allowed: People = 1


class SpeechDetected(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Speech where silence is asked for; off unless a caller wants it."""

    enabled: bool = False
    start_after_s: Seconds = 0.3
    end_after_s: Seconds = 1.0


class SecondSpeaker(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A voice that is not the session's own: the reference's (as ``audio_enroll`` gives it), or without one
    the first that was heard. ``likeness``: the least cosine of one voice's windows, the model's own unless
    it is given.
    ``reference_model``: the model that ``audio_enroll`` said; another one's reference counts as none.
    """

    reference_embedding_b64: Reference | None = None
    reference_model: Name | None = None
    likeness: Share | None = None
    start_after_s: Seconds = 1.5
    end_after_s: Seconds = 1.5

    def __post_init__(self) -> None:
        if self.reference_embedding_b64 is not None:
            check_reference("second_speaker", self.reference_embedding_b64)


class Identity(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Is it still the person of this embedding (``face_embed`` gives it)? Asked every ``period_s``.

    The times cover more than one look, so that a single wrong one changes nothing. ``threshold`` left out is
    the model's own. ``reference_model``: the model that ``face_embed`` said; another one's reference accuses
    nobody, the stream's result says ``embedding_model``.
    """

    reference_embedding_b64: Reference
    reference_model: Name | None = None
    threshold: Share | None = None
    period_s: Annotated[float, msgspec.Meta(ge=0.2, le=600)] = 2.0
    start_after_s: Seconds = 3.0
    end_after_s: Seconds = 3.0

    def __post_init__(self) -> None:
        check_reference("identity", self.reference_embedding_b64)


class LipSync(Hold, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A voice that comes earlier or later than the mouth moves, by more than cameras and microphones explain.

    ``likeness``: how well the two must agree at that offset for it to mean anything, the model's own unless
    it is given.
    """

    max_offset_ms: Annotated[float, msgspec.Meta(ge=160, le=560)] = 250.0
    likeness: Share | None = None
    start_after_s: Seconds = 2.0
    end_after_s: Seconds = 2.0


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often each model looks or listens, in Hz, if there is no overload; and observations per second.

    With ``speaker_embedder`` 0 voices are not told apart. ``mouth``: how often lip sync wants
    ``face_mesh`` to look while somebody speaks.
    """

    face_detector: Hertz = 4.0
    face_mesh: Hertz = 8.0
    mouth: Hertz = 15.0
    object_detector: Hertz = 1.0
    speaker_embedder: Annotated[float, msgspec.Meta(ge=0, le=60)] = 1.3
    observations: Hertz = 1.0


# Times a role's rate, while a violation is about to start (see ``Gates.calm_session``).
IN_DOUBT = 2.0


class Gates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which looks are spared where they would tell nothing new. One that is off: every look runs its model.

    While the picture stays as it was, what a detector saw in it is told again at each look, so that findings
    come when they would come anyway. The picture is compared by brightness, in 24 x 32 cells.

    ``empty_room``: nobody is there. A change that no cell shows is seen up to 5 s late.
    ``followed_face``: one face is there and ``face_mesh`` follows it; it may move, what is around it may not.
    A second face that no cell shows is seen late by up to ``multiple_faces.start_after_s``, at most 5 s.
    ``calm_session``: roles look at half their rate once nothing was suspicious for 10 s, and at twice their
    rate, as far as looks were saved before, while a violation is about to start. A start may come later, by
    no more than its own ``start_after_s``; so a caller has to ask for it.
    """

    empty_room: bool = True
    followed_face: bool = True
    calm_session: bool = False


class EvidencePolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept of each violation: a picture of its start, a clip of some seconds before and after."""

    snapshot: bool = False
    clip: bool = False

    @property
    def asks(self) -> bool:
        """Whether anything is to be kept."""
        return self.snapshot or self.clip


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything a session may ask for. The defaults suit an interview at a desk.

    ``multiple_faces``, ``multiple_people``: who does not move at all while somebody larger does may be a
    picture of somebody, such as a poster, and is told once anything of it moves.
    ``neutral``: ``on`` learns from calm looks how this person sits and looks, and spares what is no further
    from there than the thresholds of ``gaze_away`` and ``head_turned``; ``off`` counts from the camera alone.
    ``video_lost``, ``audio_lost``: a track that a stream needs brings nothing any more. ``start_after_s``
    counts from the last picture or sound; it takes two seconds at least before a track is known to be lost.
    ``liveness``: a picture of a face in place of one that lives (``not_live``), as long as nothing that only
    the living do was seen; off unless a caller wants it. What was seen is told either way.
    ``economy``: spend nothing on what only makes findings surer, such as a second look at hands and heads: a
    session costs less CPU, and small phones and persons far away are missed. Nor is ``liveness`` told
    then, unless it is enabled.
    ``landmarks``: tell with the face stream's newest result where the face's landmarks are, for pages that
    draw them; events never have them.
    ``evidence``: nothing is kept unless a caller wants it.
    ``vad_threshold``: how probable speech must be in a window of sound to count as speech.
    ``weight``: under overload a session of weight 2 gets twice as many looks as one of weight 1.
    """

    face_absent: Hold = Hold(start_after_s=1.5, end_after_s=0.5)
    multiple_faces: Hold = Hold(start_after_s=0.7, end_after_s=1.0)
    gaze_away: GazeAway = GazeAway()
    head_turned: HeadTurned = HeadTurned()
    neutral: Literal["on", "off"] | GivenNeutral = "on"
    identity: Identity | None = None
    multiple_people: MultiplePeople = MultiplePeople(start_after_s=1.0, end_after_s=2.0)
    phone_detected: PhoneDetected = PhoneDetected(start_after_s=1.0, end_after_s=2.0)
    speech_detected: SpeechDetected = SpeechDetected()
    second_speaker: SecondSpeaker = SecondSpeaker()
    lip_sync: LipSync = LipSync()
    liveness: Hold = Hold(enabled=False, start_after_s=2.0, end_after_s=2.0)
    video_lost: Hold = Hold(start_after_s=0.0, end_after_s=0.0)
    audio_lost: Hold = Hold(enabled=False, start_after_s=0.0, end_after_s=0.0)
    vad_threshold: Share = 0.5
    rates: Rates = Rates()
    gates: Gates = Gates()
    economy: bool = False
    landmarks: bool = False
    evidence: EvidencePolicy = EvidencePolicy()
    weight: Weight = 1.0


def without_references(policy: Policy) -> Policy:
    """The same, fit to be shown: who somebody is stays here."""
    shown = {
        name: msgspec.structs.replace(part, reference_embedding_b64=b"")
        for name, part in _persons(policy)
        if part.reference_embedding_b64 is not None
    }
    return msgspec.structs.replace(policy, **shown)


def with_references(policy: Policy, before: Policy) -> Policy:
    """The same; a reference that is empty, as it is shown, stays what it was ``before``.

    Raises:
        NoReference: it was none.
    """
    known = {name: part.reference_embedding_b64 for name, part in _persons(before)}
    complete = {}
    for name, part in _persons(policy):
        given = part.reference_embedding_b64
        if given == b"":
            if not known.get(name):
                raise NoReference(f"policy.{name} keeps its reference, and the session has none yet.")
            part = msgspec.structs.replace(part, reference_embedding_b64=known[name])
        complete[name] = part
    return msgspec.structs.replace(policy, **complete)


def _persons(policy: Policy) -> list[tuple[str, Identity | SecondSpeaker]]:
    """The parts of a policy that may hold a reference."""
    identity = [("identity", policy.identity)] if policy.identity is not None else []
    return [*identity, ("second_speaker", policy.second_speaker)]
