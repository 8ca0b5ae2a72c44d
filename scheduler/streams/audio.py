"""The audio stream: whether somebody speaks, from when to when, and how loud it is."""

from collections.abc import Mapping
from math import log10
from typing import Any

from argusd.ingest.frame import FrameInfo

from ..core import Moment, Outcome, Roi
from ..models.silero import SAMPLE_RATE, WINDOW, Voice
from ..policy import Policy
from ..rules import Rule
from .observations import ObservationPace
from .speech import SpeechEdge, SpeechSegments

VAD = "vad"
WINDOW_S = WINDOW / SAMPLE_RATE
SILENCE_DBFS = -96.0  # the floor of 16-bit samples


class AudioStream:
    """One session's speech findings; fed with ``Voice`` whose moment is its window's first sample."""

    name = "audio"

    def __init__(self, policy: Policy) -> None:
        self._threshold = policy.vad_threshold
        self._segments = SpeechSegments(policy.vad_threshold)
        self._rule = Rule("speech_detected", policy.speech_detected)
        self._pace = ObservationPace(policy.rates.observations)
        self._voice = Voice(0.0, 0.0)

    @property
    def rates(self) -> Mapping[str, float]:
        """Every window is heard."""
        return {VAD: 1 / WINDOW_S}

    def roi(self, role: str, info: FrameInfo) -> Roi | None:  # noqa: ARG002 - sound has no place
        """Nowhere: this stream sees nothing."""
        return None

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        """Take one window in."""
        if role != VAD:
            return []
        voice: Voice = output
        self._voice = voice
        edge = self._segments.feed(voice.speech, at.media_s, at.media_s + WINDOW_S)
        outcomes = [_observed(edge)] if edge else []
        speaking = self._segments.speaking
        figures = {"value": round(voice.speech, 3), "threshold": self._threshold}
        outcomes += self._rule.feed(speaking, voice.speech, at.media_s, figures)
        if self._pace.due(at.media_s, speaking):
            certainty = voice.speech if speaking else 1 - voice.speech
            outcomes.append(
                Outcome("observation", "audio", "update", round(certainty, 3), data=self.latest())
            )
        return outcomes

    def latest(self) -> dict[str, Any]:
        """The stream's JSON of the wire contract: ``rms`` 0..1 of full scale, ``rms_dbfs`` the same in dB.

        ``speaker_change`` is null: no model tells speakers apart yet.
        """
        rms = self._voice.rms
        return {
            "has_speech": self._segments.speaking,
            "speech": round(self._voice.speech, 3),
            "rms": round(rms, 5),
            "rms_dbfs": round(max(SILENCE_DBFS, 20 * log10(rms)) if rms > 0 else SILENCE_DBFS, 1),
            "speaker_change": None,
            "violations": [self._rule.name] if self._rule.open else [],
        }

    def restart(self) -> None:
        """Samples are missing; an open segment goes on if speech does."""

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002 - ends date from when speech was last heard
        """End what is open."""
        edge = self._segments.close()
        return ([_observed(edge)] if edge else []) + self._rule.close()


def _observed(edge: SpeechEdge) -> Outcome:
    data = {"start_s": round(edge.start_s, 3)}
    if edge.end_s is not None:
        data |= {"end_s": round(edge.end_s, 3), "duration_s": round(edge.end_s - edge.start_s, 3)}
    return Outcome("observation", "speech", edge.state, round(edge.confidence, 3), data=data)
