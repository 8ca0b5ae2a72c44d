"""Whose voice it is: when it changes, and when it is not the session's own.

Every window of speech is compared with what was learnt of a voice so far. A window across a change holds
both voices, so a change counts when two windows in a row are unlike; then the new voice is learnt from them.
Where two people sound alike, as over a telephone, that the windows part in two tells (``two_voices.py``).
"""

import logging

import numpy as np
from numpy.typing import NDArray

from ..contract.policy import SecondSpeaker
from ..core import Outcome
from ..models.outputs import VoicePrint
from ..rules import Rule
from .two_voices import RecentWindows, TwoVoices

log = logging.getLogger(__name__)

LEARN_FROM = 3  # windows, before which a voice is not known well enough to be compared with
REMEMBERED = 8  # windows; a voice that goes on is learnt anew little by little
UNLIKE_IN_A_ROW = 2
SURELY = 0.06  # above the threshold: a window that is alike by less may hold two voices, and teaches nothing
CALMER_BY = 0.03  # a stranger's voice must be so much more alike to be the session's own again


class LearntVoice:
    """The mean direction of a voice's windows."""

    def __init__(self, *windows: NDArray[np.float32]) -> None:
        self.windows = 0
        self._mean = np.zeros(1)
        for window in windows:
            self.learn(window)

    @property
    def known(self) -> bool:
        """Whether there were windows enough."""
        return self.windows >= LEARN_FROM

    def learn(self, window: NDArray[np.float32]) -> None:
        """Take one more window of it in."""
        self.windows = min(self.windows + 1, REMEMBERED)
        self._mean = self._mean + (window - self._mean) / self.windows

    @property
    def mean(self) -> NDArray[np.float64]:
        """The direction, of length 1."""
        return self._mean / max(float(np.linalg.norm(self._mean)), 1e-9)

    def likeness(self, window: NDArray[np.float32]) -> float:
        """The cosine between the voice and a window; 0 while nothing is learnt."""
        return float(window @ self.mean) if self.windows else 0.0


class VoiceCheck:
    """One session's voices. ``changed``: whether the newest window began another one; None: not known yet.

    ``economy``: do not look for two voices in the windows, each of which costs a millisecond.
    """

    def __init__(self, policy: SecondSpeaker, economy: bool = False) -> None:
        self.economy = economy
        self._recent = RecentWindows()
        self.changed: bool | None = None
        self.rule = Rule("second_speaker", policy)
        self._policy = policy
        self._reference = _reference(policy)
        self._own = LearntVoice()
        self._current = LearntVoice()
        self._unlike: list[NDArray[np.float32]] = []

    def apply(self, policy: SecondSpeaker) -> list[Outcome]:
        """Judge the next windows by this; the voices that were learnt stay."""
        if policy.reference_embedding_b64 != self._policy.reference_embedding_b64:
            self._reference = _reference(policy)
        self._policy = policy
        return self.rule.retune(policy)

    def feed(self, heard: VoicePrint, media_s: float) -> list[Outcome]:
        """Take one window of speech in."""
        threshold = self._policy.likeness or heard.likeness
        changes = self._follow(heard.embedding, threshold)
        return changes + self._compare(heard, threshold, media_s)

    def forget(self) -> None:
        """Whose voice comes next nobody knows; it is compared with those that were learnt."""
        self.changed = None
        self._unlike.clear()

    def lose(self) -> list[Outcome]:
        """Nobody tells voices apart any more: end what was said of them."""
        self.forget()
        return self.rule.close()

    def silence(self, media_s: float) -> list[Outcome]:
        """Nobody speaks: a second speaker who stopped is over after a while."""
        return self.rule.feed(False, 0.0, media_s, {}) if self.rule.open else []

    def _follow(self, window: NDArray[np.float32], threshold: float) -> list[Outcome]:
        likeness = self._current.likeness(window)
        if not self._current.windows or likeness >= threshold:
            if not self._current.known or likeness >= threshold + SURELY:
                self._current.learn(window)
            self._unlike.clear()
            self.changed = False if self._current.known else self.changed
            return []
        self._unlike.append(window)
        self.changed = False
        if len(self._unlike) < UNLIKE_IN_A_ROW:
            return []
        was_known = self._current.known
        self._current = LearntVoice(*self._unlike)
        self._unlike.clear()
        if not was_known:
            return []
        self.changed = True
        data = {"value": round(likeness, 3), "threshold": threshold}
        return [
            Outcome("observation", "speaker_change", "update", _certainty(likeness, threshold), data=data)
        ]

    def _compare(self, heard: VoicePrint, threshold: float, media_s: float) -> list[Outcome]:
        """Is it the session's own voice?"""
        window, own_known = heard.embedding, self._own.known
        if not own_known:
            self._own.learn(window)
        two = None if self.economy or not heard.parted else self._recent.take(window)
        own: NDArray[np.floating]
        if self._reference is not None and self._comparable(self._reference, heard):
            against, own = "reference", self._reference
        elif own_known:
            against, own = "first_voice", self._own.mean
        else:
            return []
        likeness = float(own @ window)
        stranger = likeness < threshold + (CALMER_BY if self.rule.holds else 0.0)
        if not stranger and two is not None and two.likeness < heard.parted and two.stranger(own):
            return self._tell_apart(two, heard.parted, media_s)
        data = {"value": round(likeness, 3), "threshold": threshold, "against": against}
        return self.rule.feed(stranger, _certainty(likeness, threshold), media_s, data)

    def _tell_apart(self, two: TwoVoices, threshold: float, media_s: float) -> list[Outcome]:
        data = {"value": round(two.likeness, 3), "threshold": threshold, "against": "other_voice"}
        return self.rule.feed(True, _certainty(two.likeness, threshold), media_s, data)

    def _comparable(self, reference: NDArray[np.float32], heard: VoicePrint) -> bool:
        return len(reference) == len(heard.embedding) and self._policy.reference_model in (None, heard.model)


def _reference(policy: SecondSpeaker) -> NDArray[np.float32] | None:
    data = policy.reference_embedding_b64
    if data is None or len(data) % 4:
        return None
    vector = np.frombuffer(data, "<f4").astype(np.float64)
    length = float(np.linalg.norm(vector))
    if not length or not np.isfinite(length):
        log.warning("a session's reference embedding of a voice is none; its first voice is used")
        return None
    return (vector / length).astype(np.float32)


def _certainty(likeness: float, threshold: float) -> float:
    """Of a difference: ½ at the threshold, 1 where nothing is alike."""
    return round(min(1.0, max(0.0, 1 - likeness / (2 * threshold))), 3)
