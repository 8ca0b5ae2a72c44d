"""Clips and recordings in virtual time: what a session finds in them, however busy the machine is."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from argusd.interviewer_bridge.publish.file_stream import FileStream, planes_of
from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.catalog import streams_of
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import AnalyzerFactory

from ..rigs.virtual import Models, Told, VirtualSessions
from . import clip_verdicts
from .asking import Answer
from .clip_verdicts import POLICY, Finding, found_in

BLOCK = 320  # samples, 20 ms
SESSION = "replay"

Planes = Sequence[NDArray[np.uint8]]
Sound = NDArray[np.int16]


class Piece(NamedTuple):
    """A picture's planes (I420) or a block of sound; it is there at ``due_s``, and began at ``media_s``."""

    due_s: float
    media_s: float
    picture: Planes | None = None
    sound: Sound | None = None


class Replay(NamedTuple):
    """How long it was; what was found, by name; what was observed, by the media's second."""

    seconds: float
    found: dict[str, list[Finding]]
    observed: list[tuple[float, Answer]]


def replay(models: Models, path: Path, factories: Mapping[str, AnalyzerFactory] = ANALYZERS) -> Replay:
    """Play a file to a session of its own. Needs a running event loop, on which nothing waits."""
    told: list[Told] = []
    seconds = play(models, path, POLICY, told.append, factories)
    observed = [(each.media_s, each.outcome.data) for each in told if each.outcome.type == "observation"]
    return Replay(seconds, found(told, seconds), observed)


def play(
    models: Models,
    path: Path,
    policy: Policy,
    take: Callable[[Told], None],
    factories: Mapping[str, AnalyzerFactory] = ANALYZERS,
) -> float:
    """Play a file to a session with this policy; what is found goes to ``take``. Returns its seconds.

    Needs a running event loop, as ``replay``. A file without pictures and sound takes 0 s.
    """
    sessions = VirtualSessions(models, take, factories)
    pictures, sounds = pictures_of(path), _blocks(samples_of(path))
    first_picture, first_sound = next(pictures, None), next(sounds, None)
    kinds = [kind for kind, first in (("video", first_picture), ("audio", first_sound)) if first]
    size = first_picture.picture[0].shape[::-1] if first_picture and first_picture.picture else None
    sessions.enter(SESSION, policy, streams_of(kinds), size, sound=first_sound is not None)  # type: ignore[arg-type]
    played = merge(_from(first_picture, pictures), _from(first_sound, sounds), key=lambda piece: piece.due_s)
    seconds = 0.0
    for piece in played:
        publish(sessions, SESSION, piece)
        sessions.serve()
        seconds = max(seconds, piece.due_s)
    sessions.leave(SESSION)
    return seconds


def publish(sessions: VirtualSessions, name: str, piece: Piece) -> None:
    """Give a session the next piece of its media."""
    if piece.picture is not None:
        sessions.show(name, piece.media_s, piece.picture)
    if piece.sound is not None:
        sessions.say(name, piece.media_s, piece.sound)


def found(told: Iterable[Told], seconds: float) -> dict[str, list[Finding]]:
    """Violations by name."""
    outcomes = (each.outcome for each in told if each.outcome.type == "violation")
    return found_in((clip_verdicts.Told(each.name, each.state, each.data) for each in outcomes), seconds)


def _from(first: Piece | None, others: Iterator[Piece]) -> Iterator[Piece]:
    return chain([first] if first else [], others)


def pictures_of(path: Path) -> Iterator[Piece]:
    """Upright pictures, all of the first one's size."""
    video = FileStream(str(path), "video")
    size = None
    while video.exists and (piece := video.read()).frame is not None:
        size = size or (piece.frame.width, piece.frame.height)
        picture = (
            piece.frame if (piece.frame.width, piece.frame.height) == size else piece.frame.reformat(*size)
        )
        yield Piece(piece.start_s, piece.start_s, picture=planes_of(picture))


def seconds_of(path: Path) -> float:
    """How long a file is."""
    with av.open(str(path)) as file:
        return float((file.duration or 0) / av.time_base)


def samples_of(path: Path) -> Sound:
    """The sound as 16 kHz mono; none where there is no sound."""
    with av.open(str(path)) as file:
        if not file.streams.audio:
            return np.zeros(0, np.int16)
        resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def _blocks(samples: Sound) -> Iterator[Piece]:
    for begin in range(0, len(samples), BLOCK):
        block = samples[begin : begin + BLOCK]
        begin_s = begin / SAMPLE_RATE
        yield Piece(begin_s + len(block) / SAMPLE_RATE, begin_s, sound=block)
