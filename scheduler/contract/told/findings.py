"""The data of findings. ``media_s``: when, in seconds of the media; ``value``: of the surest look."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from ..media import TrackKind


class FindingData(msgspec.Struct, frozen=True, kw_only=True):
    """Base of a finding's data."""

    media_s: float


class Gathered(msgspec.Struct, frozen=True):
    """The evidence behind a violation, as log-odds, and how many looks spoke for it and against it."""

    log_odds: float
    needed: float
    looks_for: int
    looks_against: int


class ViolationData(FindingData, frozen=True, kw_only=True):
    """Base of a violation's data. ``end_s`` and ``duration_s`` come with its updates and its end.

    ``reason``: why it ended otherwise than by being over.
    """

    start_s: float
    end_s: float | msgspec.UnsetType = msgspec.UNSET
    duration_s: float | msgspec.UnsetType = msgspec.UNSET
    evidence: Gathered | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET


class FacesCounted(ViolationData, frozen=True, kw_only=True):
    """How many faces there were."""

    face_count: int
    threshold: int


class LookedAway(ViolationData, frozen=True, kw_only=True):
    """How far eyes or head were turned, in the threshold's unit."""

    direction: str
    value: float
    threshold: float


class NotLive(ViolationData, frozen=True, kw_only=True):
    """What made a face look like a picture (see ``LivenessData``); ``threshold``: the ``calm_s`` it takes."""

    blinks: int
    calm_s: float
    tilted: bool
    eyes: float
    mouth: float
    depth: float
    threshold: float


class Mismatch(ViolationData, frozen=True, kw_only=True):
    """How little the face was like the reference."""

    score: float
    threshold: float


class Seen(ViolationData, frozen=True, kw_only=True):
    """How surely a thing was seen, and by which model."""

    value: float
    threshold: float
    model: str


class PeopleCounted(Seen, frozen=True, kw_only=True):
    """How many persons there were, and how many there may be."""

    person_count: int
    allowed: int


class Heard(ViolationData, frozen=True, kw_only=True):
    """How surely somebody spoke."""

    value: float | msgspec.UnsetType = msgspec.UNSET
    threshold: float | msgspec.UnsetType = msgspec.UNSET


class OtherVoice(ViolationData, frozen=True, kw_only=True):
    """How little a voice was like the one that it was compared with."""

    value: float
    threshold: float
    against: Literal["reference", "first_voice", "other_voice"]


class OutOfSync(ViolationData, frozen=True, kw_only=True):
    """By how much lips and voice were apart, and how well they agree at best."""

    offset_ms: float
    threshold_ms: float
    score: float
    peak: float
    needed: float


class TrackLost(ViolationData, frozen=True, kw_only=True):
    """Which track brought nothing, and why."""

    kind: TrackKind
    reason: str


class SpeechTold(FindingData, frozen=True, kw_only=True):
    """From when somebody spoke, and, at the end, until when."""

    start_s: float
    end_s: float | msgspec.UnsetType = msgspec.UNSET
    duration_s: float | msgspec.UnsetType = msgspec.UNSET


class VoiceChanged(FindingData, frozen=True, kw_only=True):
    """How little a voice was like the one before it."""

    value: float
    threshold: float


LOST_TRACKS: Mapping[str, type[ViolationData]] = {"video_lost": TrackLost, "audio_lost": TrackLost}
