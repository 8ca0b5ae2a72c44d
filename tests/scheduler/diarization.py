"""How far a diarization is from the truth, as NIST counts it (pyannote.metrics)."""

from pathlib import Path

from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate

from argusd.scheduler.contract.tasks.voices import AudioDiarizeReply


def truth_of(rttm: Path) -> Annotation:
    """Who really spoke when, from the lines of an RTTM file."""
    truth = Annotation()
    for number, line in enumerate(rttm.read_text().splitlines()):
        _, _, _, begin, length, _, _, speaker, *_ = line.split()
        truth[Segment(float(begin), float(begin) + float(length)), number] = speaker
    return truth


def error_rate(result: AudioDiarizeReply, truth: Annotation, seconds: float, collar: float) -> float:
    """Of ``audio_diarize``'s result over the whole recording.

    ``collar``: seconds about each turn that are not counted, half of them on either side.
    """
    found = Annotation()
    for number, segment in enumerate(result.segments):
        found[Segment(segment.start_s, segment.end_s), number] = segment.speaker
    whole = Timeline([Segment(0, seconds)])
    return float(DiarizationErrorRate(collar=collar)(truth, found, uem=whole))
