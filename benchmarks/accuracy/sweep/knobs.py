"""The thresholds of a policy that can be swept, one a finding."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from argusd.scheduler.contract.policy import Policy

from ..clip_verdicts import POLICY

SCORES = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
FACTORS = (0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
TIMES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)


class Knob(NamedTuple):
    """A finding of a ``stream``, and its settings in a policy for each value: the fields of its part."""

    finding: str
    stream: str
    unit: str
    values: Sequence[float]
    fields: Callable[[float], Mapping[str, float]]

    def policy(self, value: float) -> Policy:
        """The default with this value."""
        part = msgspec.structs.replace(getattr(POLICY, self.finding), **self.fields(value))
        return msgspec.structs.replace(POLICY, **{self.finding: part})

    def written(self, value: float) -> dict[str, Any]:
        """As a caller writes it."""
        fields = {name: round(each, 3) for name, each in self.fields(value).items()}
        return {self.finding: fields}


def _times_default(finding: str, *names: str) -> Callable[[float], Mapping[str, float]]:
    part = getattr(POLICY, finding)
    return lambda factor: {name: factor * getattr(part, name) for name in names}


KNOBS = (
    Knob("phone_detected", "video", "score", SCORES, lambda value: {"score": value}),
    Knob("multiple_people", "video", "score", SCORES, lambda value: {"score": value}),
    Knob("multiple_faces", "face", "seconds", TIMES, lambda value: {"start_after_s": value}),
    Knob("face_absent", "face", "seconds", TIMES, lambda value: {"start_after_s": value}),
    Knob(
        "gaze_away",
        "face",
        "times the default",
        FACTORS,
        _times_default("gaze_away", "horizontal", "vertical"),
    ),
    Knob(
        "head_turned",
        "face",
        "times the default",
        FACTORS,
        _times_default("head_turned", "yaw_deg", "pitch_deg"),
    ),
    Knob("second_speaker", "audio", "seconds", TIMES, lambda value: {"start_after_s": value}),
)
