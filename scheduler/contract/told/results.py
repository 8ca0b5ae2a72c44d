"""The data of streams' newest results. All but lists is null while nothing is known.

Boxes are left, top, right, bottom in 0..1 of the frame.
"""

from typing import Literal

import msgspec

Box = tuple[float, float, float, float]


class StreamData(msgspec.Struct, frozen=True, kw_only=True):
    """Base of a stream's data. ``violations``: the names of those that go on."""

    violations: list[str]


class Looking(msgspec.Struct, frozen=True):
    """Where the eyes look: x > 0 to the person's left, y > 0 down, 0 straight ahead."""

    x: float | None
    y: float | None
    direction: str | None


class Turned(msgspec.Struct, frozen=True):
    """How the head is turned, in degrees: yaw > 0 to the person's left, pitch > 0 up."""

    yaw: float | None
    pitch: float | None
    roll: float | None


class Usual(msgspec.Struct, frozen=True):
    """Where this person usually looks, and how they sit."""

    x: float | None
    y: float | None
    yaw_deg: float | None
    pitch_deg: float | None


class LivenessData(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the face lives, and what that goes by.

    ``calm_s``: seconds watched since the last sign of life. ``tilted``: whether it tilted as a plane does in
    these. ``eyes``, ``mouth``, ``depth``: how far eyes moved, the mouth opened, and motion was no plane's.
    """

    verdict: Literal["live", "flat", "unknown"] | None
    blinks: int | None
    calm_s: float | None
    tilted: bool | None
    eyes: float | None
    mouth: float | None
    depth: float | None


class IdentityData(msgspec.Struct, frozen=True):
    """How the face compares with the reference; ``error``: why it cannot be compared."""

    match: bool | None
    score: float | None
    quality: float | None
    error: str | None


class FaceData(StreamData, frozen=True, kw_only=True):
    """How many faces there are, and where the person looks.

    ``faces`` has also those on posters and other pictures, which ``face_count`` leaves out.
    ``gaze_unknown``: why there is no gaze. ``landmarks``: x and y of each in 0..1 of the frame, numbered as
    MediaPipe's, where the policy asks for them.
    """

    gaze: Looking | None
    gaze_unknown: str | None
    blink: bool | None
    head_pose: Turned | None
    neutral: Usual | None
    liveness: LivenessData | None
    face_count: int | None
    faces: list[Box]
    identity: IdentityData | msgspec.UnsetType = msgspec.UNSET
    landmarks: list[tuple[float, float]] | msgspec.UnsetType = msgspec.UNSET


class ThingData(msgspec.Struct, frozen=True):
    """A thing in the picture."""

    label: str
    score: float
    box: Box


class VideoData(StreamData, frozen=True, kw_only=True):
    """Things and persons in the picture.

    ``objects`` has also the persons on posters and other pictures, which ``person_count`` leaves out.
    """

    objects: list[ThingData]
    person_count: int | None
    phone_detected: bool | None
    multi_person: bool | None


class AudioData(StreamData, frozen=True, kw_only=True):
    """What is heard. ``rms``: 0..1 of full scale; ``speaker_change``: whether another voice has begun."""

    has_speech: bool | None
    speech: float | None
    rms: float | None
    rms_dbfs: float | None
    speaker_change: bool | None


class LipSyncData(StreamData, frozen=True, kw_only=True):
    """Whether lips and voice go together. ``offset_ms``: by how much sound is late (negative: early)."""

    sync: Literal["in_sync", "early", "late", "unknown"] | None
    score: float | None
    offset_ms: float | None
    peak: float | None
    needed: float | None
    has_speech: bool | None
    mouth_visible: bool | None
    mouth_moving: bool | None
