"""From one probability per window to segments of speech.

The way of Silero's own iterator: speech begins at the threshold and goes on above a lower one; it is over
when the sound stayed below that for a while, and then ended where it first fell.
"""

from typing import Literal, NamedTuple

CALMER_BY = 0.15
MIN_SPEECH_S = 0.1  # a click is no speech
A_WORD_S = 0.25  # Silero's own least
MIN_SILENCE_S = 0.6  # a breath inside a sentence is no end


class RecentSpeech:
    """How much of the last ``span_s`` seconds was speech."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._most = 1
        self._windows = 0  # a bit each, the newest lowest

    @property
    def share(self) -> float:
        """0..1, with silence before the first window."""
        return self._windows.bit_count() / self._most

    def feed(self, speech: bool, lasts_s: float) -> None:
        """Take in a window of ``lasts_s`` seconds, as long as the ones before."""
        self._most = max(1, round(self._span_s / lasts_s))
        self._windows = (self._windows << 1 | speech) & ((1 << self._most) - 1)


class SpeechEdge(NamedTuple):
    """A segment's start or end; times are media seconds, ``end_s`` is None at the start."""

    state: Literal["start", "end"]
    start_s: float
    end_s: float | None
    confidence: float


class SpeechSegments:
    """Hysteresis over windows that follow one another."""

    def __init__(self, threshold: float) -> None:
        self.speaking = False
        self._threshold = threshold
        self._since: float | None = None
        self._until = 0.0  # end of the last window that was speech
        self._now = 0.0  # end of the last window
        self._best = 0.0

    @property
    def said(self) -> bool:
        """Whether speech is heard, or so much was that a pause belongs to it: to a clap none does."""
        if not self.speaking or self._since is None:
            return False
        return self._until == self._now or self._until - self._since >= A_WORD_S

    def apply(self, threshold: float) -> None:
        """Judge the next windows by this one."""
        self._threshold = threshold

    def feed(self, probability: float, begin_s: float, end_s: float) -> SpeechEdge | None:
        """Take in a window that lasted from ``begin_s`` to ``end_s``."""
        going_on, self._now = self._since is not None, end_s
        if probability >= self._threshold - (CALMER_BY if going_on else 0.0):
            return self._speech(probability, begin_s, end_s)
        if self.speaking and end_s - self._until < MIN_SILENCE_S:
            return None
        return self.close()

    def close(self) -> SpeechEdge | None:
        """End the segment that is open, as of its last speech; None if there is none."""
        was_speaking, self.speaking = self.speaking, False
        since, self._since = self._since, None
        if not was_speaking or since is None:
            return None
        return SpeechEdge("end", since, self._until, self._best)

    def _speech(self, probability: float, begin_s: float, end_s: float) -> SpeechEdge | None:
        if self._since is None:
            self._since, self._best = begin_s, 0.0
        self._until = end_s
        self._best = max(self._best, probability)
        if self.speaking or end_s - self._since < MIN_SPEECH_S:
            return None
        self.speaking = True
        return SpeechEdge("start", self._since, None, self._best)
