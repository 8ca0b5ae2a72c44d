"""Calm hours: clips in which a finding is not to be made, again and again, with all that may change there.

A finding that a clip's labels do not name at all, nor as unsure, is not in it: each that is told is a false
alarm. So every labelled clip is calm for some findings, and one without labels for all of them.
"""

from collections import Counter, defaultdict
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
from ...harness import Metric, Table
from ...rigs.virtual import Models, Told, VirtualSessions
from ..clip_verdicts import POLICY, SEEN
from ..figures.rates import alarm_rate
from ..figures.tallies import Verdict
from ..found import Found
from ..labels import Item
from ..replays import BLOCK, found, pictures_of, samples_of
from .disturbances import FRAMES_PER_S, Maker, Pixels

JUDGED = (*SEEN, "second_speaker", "speech_detected")
HEIGHT, LONGEST = 480, 640  # of the pictures, as webcams give them
MOST_FRAMES = 30 * FRAMES_PER_S  # of a clip; what comes later is not shown
HOUR_S = 3600.0


class Clip(NamedTuple):
    """A file's pictures at ``FRAMES_PER_S``, its sound at 16 kHz, and the findings that are not in it."""

    name: str
    pictures: Sequence[Pixels]
    sound: NDArray[np.int16]
    calm: frozenset[str]


class Alarm(NamedTuple):
    """A finding that is not in the clip, under which disturbance, and when."""

    finding: str
    clip: str
    disturbance: str
    media_s: float
    why: str


class Watched(NamedTuple):
    """Seconds that each finding was not to be made in, by disturbance and finding, and the alarms."""

    seconds: Mapping[tuple[str, str], float]
    alarms: Sequence[Alarm]


def calm_in(item: Item) -> frozenset[str]:
    """The findings that are not in a clip."""
    return frozenset(JUDGED).difference(item.segments)


def clip_of(item: Item) -> Clip:
    """What is shown of a file, and heard."""
    pictures: list[Pixels] = []
    for piece in pictures_of(item.path):
        if piece.picture is not None and len(pictures) / FRAMES_PER_S <= piece.media_s:
            due = int(piece.media_s * FRAMES_PER_S) + 1 - len(pictures)
            pictures += [webcam(piece.picture)] * due
        if len(pictures) >= MOST_FRAMES:
            break
    return Clip(item.file, pictures, samples_of(item.path), calm_in(item))


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
    height, width = clip.pictures[0].shape[:2]
    makers = {
        name: make(height, width, crc32(f"{clip.name} {name}".encode()))
        for name, make in disturbances.items()
    }
    kinds = ["video", "audio"] if len(clip.sound) else ["video"]
    for name, disturb in makers.items():
        shown = disturb(clip.pictures[0], 0.0)
        size = (shown.shape[1], shown.shape[0])
        sessions.enter(name, POLICY, streams_of(kinds), size, sound="audio" in kinds)  # type: ignore[arg-type]
    pictures, sound = looped(clip), blocks(clip.sound)
    heard_s = 0.0
    for number in range(round(seconds * FRAMES_PER_S)):
        at_s = number / FRAMES_PER_S
        while len(clip.sound) and heard_s + BLOCK / SAMPLE_RATE <= at_s:
            block = next(sound)
            for name in makers:
                sessions.say(name, heard_s, block)
            heard_s += BLOCK / SAMPLE_RATE
            sessions.serve()
        picture = next(pictures)
        for name, disturb in makers.items():
            sessions.show(name, at_s, planes(disturb(picture, at_s)))
        sessions.serve()
    for name in makers:
        sessions.leave(name)
    return Watched(
        {(name, finding): seconds for name in makers for finding in clip.calm},
        [alarm for name in makers for alarm in _alarms(clip, name, told[name], seconds)],
    )


def looped(clip: Clip) -> Iterator[Pixels]:
    """Its pictures for ever: to and fro where nobody hears it, so that nothing jumps; else from the start."""
    there = list(clip.pictures)
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


def judged(watched: Sequence[Watched]) -> Found:
    """Alarms an hour of each finding, with what the rate is below, and by disturbance."""
    seconds: Counter[tuple[str, str]] = Counter()
    for each in watched:
        seconds.update(each.seconds)
    alarms = [alarm for each in watched for alarm in each.alarms]
    verdicts = [
        Verdict(
            finding=f"calm.{each.finding}",
            item=f"{each.clip}, {each.disturbance}, {each.media_s:.1f} s",
            there=False,
            told=True,
            why=each.why,
        )
        for each in alarms
    ]
    names = [name for name in JUDGED if any(finding == name for _, finding in seconds)]
    return Found(
        len(watched),
        verdicts,
        dict(_metrics(names, seconds, alarms)),
        [_table(names, seconds, alarms)],
    )


def _metrics(
    names: Sequence[str], seconds: Mapping[tuple[str, str], float], alarms: Sequence[Alarm]
) -> Iterator[tuple[str, Metric]]:
    for name in names:
        hours = sum(each for (_, finding), each in seconds.items() if finding == name) / HOUR_S
        number = sum(alarm.finding == name for alarm in alarms)
        rate = alarm_rate(number, hours)
        about = f"false alarms: {number} in {hours:.2f} h; below {rate.below:.2g} an hour (95 %)"
        yield f"calm.{name}_an_hour", Metric(rate.an_hour, "/h", about, spread=(0.0, rate.below))


def _table(names: Sequence[str], seconds: Mapping[tuple[str, str], float], alarms: Sequence[Alarm]) -> Table:
    """Alarms by finding and disturbance; what was not looked at is a dash."""
    disturbances = list(dict.fromkeys(disturbance for disturbance, _ in seconds))
    counts = Counter((alarm.finding, alarm.disturbance) for alarm in alarms)
    rows: list[list[str | float]] = []
    for name in names:
        hours = sum(each for (_, finding), each in seconds.items() if finding == name) / HOUR_S
        rate = alarm_rate(sum(alarm.finding == name for alarm in alarms), hours)
        by_disturbance = [counts[name, each] if (each, name) in seconds else "–" for each in disturbances]
        rows.append([name, round(hours, 2), round(rate.an_hour, 2), round(rate.below, 2), *by_disturbance])
    columns = ["finding", "hours", "alarms an hour", "below (95 %)", *disturbances]
    return Table("calm: false alarms", columns, rows)
