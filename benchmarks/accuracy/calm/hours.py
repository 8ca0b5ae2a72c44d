"""Calm hours: clips in which a finding is not to be made, again and again, with all that may change there.

A finding that a clip's labels do not name at all, nor as unsure, is not in it: each that is told is a false
alarm. So every labelled clip is calm for some findings, and one without labels for all of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, count
from typing import NamedTuple
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.catalog import streams_of
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.core import AnalyzerFactory

from ...films.drawn import planes
from ...rigs.virtual import Models, Told, VirtualSessions
from ..clip_verdicts import POLICY
from ..labels import Item
from ..replays import BLOCK, found, pictures_of, samples_of
from .alarms import JUDGED, Alarm, Watched
from .disturbances import FRAMES_PER_S, Maker, Pixels, Shot
from .landmarks import shots_of

HEIGHT, LONGEST = 480, 640  # of the pictures, as webcams give them
MOST_FRAMES = 30 * FRAMES_PER_S  # of a clip; what comes later is not shown
SHORTEST_S = 60.0  # of a session
STEP = 3  # pictures; they last as long as ten blocks of sound


class Clip(NamedTuple):
    """A file's shots at ``FRAMES_PER_S``, its sound at 16 kHz, and the findings that are not in it."""

    name: str
    shots: Sequence[Shot]
    sound: NDArray[np.int16]
    calm: frozenset[str]


def shared_out(minutes: float, clips: int, disturbances: int) -> tuple[float, list[list[int]]]:
    """How many seconds a session lasts, and by clip the disturbances under which it is shown.

    Each under each where there is time for that. In fewer minutes not every pair has its turn: a session
    shorter than ``SHORTEST_S`` is over before anything can be told. Clips and disturbances then take turns.
    """
    pairs = clips * disturbances
    sessions = max(1, min(pairs, int(60 * minutes / SHORTEST_S)))
    shown: list[list[int]] = [[] for _ in range(clips)]
    for number in range(sessions):
        turn, clip = divmod(number, clips)
        shown[clip].append((turn + clip) % disturbances)
    return 60 * minutes / sessions, shown


def calm_in(item: Item) -> frozenset[str]:
    """The findings that are not in a clip."""
    return frozenset(JUDGED).difference(item.segments)


def clip_of(models: Models, item: Item) -> Clip:
    """What is shown of a file, and heard. Needs a running event loop."""
    pictures: list[Pixels] = []
    for piece in pictures_of(item.path):
        if piece.picture is not None and len(pictures) / FRAMES_PER_S <= piece.media_s:
            due = int(piece.media_s * FRAMES_PER_S) + 1 - len(pictures)
            pictures += [webcam(piece.picture)] * due
        if len(pictures) >= MOST_FRAMES:
            break
    pictures, sound = in_step(pictures, samples_of(item.path))
    return Clip(item.file, shots_of(models, pictures), sound, calm_in(item))


def in_step(pictures: list[Pixels], sound: NDArray[np.int16]) -> tuple[list[Pixels], NDArray[np.int16]]:
    """As much sound as pictures, in whole ``STEP``: else one runs ahead of the other at each new beginning.

    What sound lacks is silence; without any there is none.
    """
    if not len(sound) or len(pictures) < STEP:
        return pictures, sound
    steps = len(pictures) // STEP
    samples = steps * STEP * SAMPLE_RATE // FRAMES_PER_S
    return pictures[: steps * STEP], np.pad(sound[:samples], (0, max(0, samples - len(sound))))


def watch(
    models: Models,
    clip: Clip,
    disturbances: Mapping[str, Maker],
    seconds: float,
    factories: Mapping[str, AnalyzerFactory] = ANALYZERS,
) -> Watched:
    """Show a clip for so long under each disturbance, to a session each. Needs a running event loop."""
    told: dict[str, list[Told]] = defaultdict(list)
    sessions = VirtualSessions(models, lambda each: told[each.session].append(each), factories)
    height, width = clip.shots[0].picture.shape[:2]
    makers = {
        name: make(height, width, crc32(f"{clip.name} {name}".encode()))
        for name, make in disturbances.items()
    }
    kinds = ["video", "audio"] if len(clip.sound) else ["video"]
    for name, disturb in makers.items():
        shown = disturb(clip.shots[0], 0.0)
        size = (shown.shape[1], shown.shape[0])
        sessions.enter(name, POLICY, streams_of(kinds), size, sound="audio" in kinds)  # type: ignore[arg-type]
    shots, sound = looped(clip), blocks(clip.sound)
    heard_s = 0.0
    for number in range(round(seconds * FRAMES_PER_S)):
        at_s = number / FRAMES_PER_S
        while len(clip.sound) and heard_s + BLOCK / SAMPLE_RATE <= at_s:
            block = next(sound)
            for name in makers:
                sessions.say(name, heard_s, block)
            heard_s += BLOCK / SAMPLE_RATE
            sessions.serve()
        shot = next(shots)
        for name, disturb in makers.items():
            sessions.show(name, at_s, planes(disturb(shot, at_s)))
        sessions.serve()
    for name in makers:
        sessions.leave(name)
    return Watched(
        {(name, finding): seconds for name in makers for finding in clip.calm},
        [alarm for name in makers for alarm in _alarms(clip, name, told[name], seconds)],
    )


def looped(clip: Clip) -> Iterator[Shot]:
    """Its shots for ever: to and fro where nobody hears it, so that nothing jumps; else from the start."""
    there = list(clip.shots)
    turn = there if len(clip.sound) else there + there[-2:0:-1]
    return chain.from_iterable(turn for _ in count())


def blocks(sound: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Its sound for ever, ``BLOCK`` samples at a time."""
    while len(sound):
        for begin in range(0, len(sound) - BLOCK + 1, BLOCK):
            yield sound[begin : begin + BLOCK]


def webcam(picture: Sequence[NDArray[np.uint8]]) -> Pixels:
    """I420 planes as BGR, no larger than a webcam's picture; sides are even."""
    height, width = picture[0].shape
    packed = np.concatenate([np.ascontiguousarray(plane).reshape(-1) for plane in picture])
    bgr = cv2.cvtColor(packed.reshape(height * 3 // 2, width), cv2.COLOR_YUV2BGR_I420)
    scale = min(HEIGHT / height, LONGEST / width, 1.0)
    size = (int(width * scale) // 2 * 2, int(height * scale) // 2 * 2)
    return np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _alarms(clip: Clip, disturbance: str, told: Sequence[Told], seconds: float) -> Iterator[Alarm]:
    for name, findings in found(told, seconds).items():
        for each in findings if name in clip.calm else ():
            kept = {key: each.data[key] for key in ("value", "threshold", "direction") if key in each.data}
            why = f"{each.when.seconds:.1f} s, {', '.join(f'{key} {value}' for key, value in kept.items())}"
            yield Alarm(name, clip.name, disturbance, each.when.begin_s, why)
