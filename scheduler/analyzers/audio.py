"""The audio stream: whether somebody speaks, from when to when, how loud, and whether the voice changes."""

from collections.abc import Mapping
from math import log10
from typing import Any

from argusd.ingest.shm.frame import FrameInfo

from ..contract.policy import Policy
from ..contract.roles import SPEAKER_EMBEDDER, VAD
from ..contract.streams.interview import AUDIO
from ..core import EVERY_WINDOW, Moment, Outcome, Reuse, Roi
from ..models.outputs import VoiceActivity
from ..rules import Rule
from .observations import ObservationPace
from .registry import analyzes
from .speech import RecentSpeech, SpeechEdge, SpeechSegments
from .voices import VoiceCheck

SILENCE_DBFS = -96.0  # the floor of 16-bit samples
LATELY_S = 1.6  # about as long as a window of a speaker embedder
MOSTLY = 0.5  # of it must be speech, for the embedder to be asked


@analyzes(AUDIO)
class AudioAnalyzer:
    """One session's speech findings; fed with ``VoiceActivity`` and, where there is speech, ``VoicePrint``.

    A moment is that of the first sample which no window before held.
    """

    name = AUDIO.name
    news = True

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._segments = SpeechSegments(policy.vad_threshold)
        self._rule = Rule("speech_detected", policy.speech_detected)
        self._pace = ObservationPace(policy.rates.observations)
        self._voice = VoiceActivity(0.0, 0.0)
        self._recent = RecentSpeech(LATELY_S)
        self._voices = VoiceCheck(policy.second_speaker, policy.economy)

    @property
    def rates(self) -> Mapping[str, float]:
        """Every window is heard by the voice detector, those with speech by the embedder."""
        embedder_hz = self._policy.rates.speaker_embedder
        return {VAD: EVERY_WINDOW} | ({SPEAKER_EMBEDDER: embedder_hz} if embedder_hz else {})

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next windows by this."""
        self._policy = policy
        self._voices.economy = policy.economy
        self._pace.apply(policy.rates.observations)
        self._segments.apply(policy.vad_threshold)
        outcomes = self._rule.retune(policy.speech_detected) + self._voices.apply(policy.second_speaker)
        return outcomes if policy.rates.speaker_embedder else outcomes + self._voices.lose()

    def roi(self, role: str, info: FrameInfo) -> Roi | None:  # noqa: ARG002 - sound has no place
        """Nowhere: this stream sees nothing."""
        return None

    def reuse(self, role: str) -> Reuse | None:  # noqa: ARG002 - every window counts
        """Never."""
        return None

    def wants(self, role: str) -> bool:
        """The embedder only what is mostly speech."""
        return role != SPEAKER_EMBEDDER or self._recent.share >= MOSTLY

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        """Take one window in."""
        if role == SPEAKER_EMBEDDER:
            return self._voices.feed(output, at.media_s)
        return self._absorb_voice(output, at) if role == VAD else []

    def _absorb_voice(self, voice: VoiceActivity, at: Moment) -> list[Outcome]:
        self._voice = voice
        threshold = self._policy.vad_threshold
        self._recent.feed(voice.speech >= threshold, at.lasts_s)
        edge = self._segments.feed(voice.speech, at.media_s, at.media_s + at.lasts_s)
        outcomes = [_observed(edge)] if edge else []
        speaking = self._segments.speaking
        figures = {"value": round(voice.speech, 3), "threshold": threshold} if speaking else {}
        outcomes += self._rule.feed(self._segments.said, voice.speech, at.media_s, figures)
        if not speaking:
            outcomes += self._voices.silence(at.media_s)
        if self._pace.due(at.media_s, speaking):
            certainty = voice.speech if speaking else 1 - voice.speech
            outcomes.append(
                Outcome("observation", self.name, "update", round(certainty, 3), data=self.latest())
            )
        return outcomes

    def latest(self) -> dict[str, Any]:
        """The stream's JSON of the wire contract: ``rms`` 0..1 of full scale, ``rms_dbfs`` the same in dB.

        ``speaker_change``: whether the newest second of speech began another voice; null while no voice is
        known, or no model tells them apart.
        """
        rms = self._voice.rms
        return {
            "has_speech": self._segments.speaking,
            "speech": round(self._voice.speech, 3),
            "rms": round(rms, 5),
            "rms_dbfs": round(max(SILENCE_DBFS, 20 * log10(rms)) if rms > 0 else SILENCE_DBFS, 1),
            "speaker_change": self._voices.changed,
            "violations": [rule.name for rule in (self._rule, self._voices.rule) if rule.open],
        }

    def restart(self) -> None:
        """Samples are missing; an open segment goes on if speech does."""

    def forget(self) -> None:
        """Nothing was heard yet; the voices it learnt stay."""
        self._voice = VoiceActivity(0.0, 0.0)
        self._recent = RecentSpeech(LATELY_S)
        self._voices.forget()

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002 - ends date from when speech was last heard
        """End what is open."""
        edge = self._segments.close()
        return ([_observed(edge)] if edge else []) + self._rule.close() + self._voices.rule.close()


def _observed(edge: SpeechEdge) -> Outcome:
    data = {"start_s": round(edge.start_s, 3)}
    if edge.end_s is not None:
        data |= {"end_s": round(edge.end_s, 3), "duration_s": round(edge.end_s - edge.start_s, 3)}
    return Outcome("observation", "speech", edge.state, round(edge.confidence, 3), data=data)
