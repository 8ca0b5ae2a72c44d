"""Diarization errors, as NIST counts them (pyannote.metrics): missed, false and confused speech."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...harness import Metric, NotMeasurable, Table
from ..asking import Answer
from ..figures.spans import Stretch
from ..found import Found
from .voices import Turns

COLLAR_S = 0.5  # around each change, half before and half after: not judged
COMPONENTS = ("false alarm", "missed detection", "confusion")


class Diarization:
    """Adds up recordings.

    Raises:
        NotMeasurable: pyannote.metrics is not installed.
    """

    def __init__(self) -> None:
        try:
            from pyannote.metrics.diarization import DiarizationErrorRate
        except ImportError as error:
            raise NotMeasurable("diarization needs pip install 'argusd[bench]'") from error
        self._rate: Any = DiarizationErrorRate(collar=COLLAR_S)
        self._rows: list[list[str | float]] = []

    def add(self, file: str, truth: Turns, answer: Answer) -> None:
        """Take one recording's in; who is not heard at all is missed."""
        said: dict[str, list[Stretch]] = {}
        for each in answer.get("segments", ()):
            said.setdefault(each["speaker"], []).append(Stretch(each["start_s"], each["end_s"]))
        begin_s, end_s = _extent(truth)
        parts: Mapping[str, float] = self._rate(
            _annotation(truth), _annotation(said), uem=_timeline(begin_s, end_s), detailed=True
        )
        total = parts["total"]
        errors = sum(parts[name] for name in COMPONENTS)
        shares = [round(parts[name] / total, 3) for name in COMPONENTS]
        self._rows.append([file, len(truth), len(said), round(errors / total, 3), *shares])

    def found(self) -> Found:
        """The error of all recordings together, and each one's."""
        if not self._rows:
            return Found()
        about = f"of {len(self._rows)} recordings, {COLLAR_S / 2:g} s around each change left out"
        metrics = {"audio_diarize.error": Metric(abs(self._rate), "", f"diarization error {about}")}
        columns = ["file", "speakers", "found", "error", "false", "missed", "confused"]
        return Found(metrics=metrics, tables=[Table("audio_diarize", columns, self._rows)])


def _extent(turns: Turns) -> tuple[float, float]:
    stretches = [each for own in turns.values() for each in own]
    return 0.0, max(each.end_s for each in stretches)


def _annotation(turns: Mapping[str, Sequence[Stretch]]) -> Any:
    from pyannote.core import Annotation, Segment

    annotation = Annotation()
    for speaker, stretches in turns.items():
        for number, each in enumerate(stretches):
            annotation[Segment(*each), f"{speaker} {number}"] = speaker
    return annotation


def _timeline(begin_s: float, end_s: float) -> Any:
    from pyannote.core import Segment, Timeline

    return Timeline([Segment(begin_s, end_s)])
