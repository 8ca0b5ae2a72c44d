"""Pairs of voices: ``audio_enroll`` of what one person says alone, and the threshold of ``audio_verify``.

A recording with a ``speaker_id`` is one voice. Of a recording with an RTTM each speaker's longest turns are
taken; whether two recordings have a speaker in common that RTTM does not say, so such pairs are left out.
"""

import io
import wave
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.media import SAMPLE_RATE

from ...harness import NotMeasurable
from ..asking import Daemon
from ..figures.spans import Stretch, merged, without
from ..labels import Item
from ..pairs import Compared, Pair, cosine, embedding
from ..replays import samples_of

SHORTEST_S, LONGEST_S = 2.5, 8.0  # of what is enrolled
TURNS = 3  # of each speaker of a recording

Turns = Mapping[str, Sequence[Stretch]]


class Voice(NamedTuple):
    """What one person says: whose it is among ``known`` ids, and the samples."""

    name: str
    known: str
    speaker: str
    samples: NDArray[np.int16]


def turns_of(rttm: Path) -> Turns:
    """Who speaks when, by speaker.

    Raises:
        NotMeasurable: it is no RTTM.
    """
    turns: dict[str, list[Stretch]] = defaultdict(list)
    try:
        for line in rttm.read_text("utf-8").splitlines():
            if line.startswith("SPEAKER"):
                words = line.split()
                begin_s = float(words[3])
                turns[words[7]].append(Stretch(begin_s, begin_s + float(words[4])))
    except (IndexError, ValueError) as error:
        raise NotMeasurable(f"{rttm} is no RTTM: {error}") from error
    return turns


def alone(turns: Turns) -> Iterator[tuple[str, Stretch]]:
    """Each speaker's longest stretches in which nobody else speaks."""
    for speaker, own in turns.items():
        others = [each for other, stretches in turns.items() if other != speaker for each in stretches]
        parts = [part for each in merged(own, 0.0) for part in without(each, merged(others, 0.0))]
        longest = sorted(parts, key=lambda part: -part.seconds)[:TURNS]
        yield from ((speaker, part) for part in longest if part.seconds >= SHORTEST_S)


def voices_of(item: Item) -> list[Voice]:
    """What of a recording is known to be one person's."""
    samples = samples_of(item.path)
    if isinstance(item.speaker_id, str):
        return [Voice(item.file, "ids", item.speaker_id, samples)]
    if item.rttm is None:
        return []
    return [
        Voice(f"{item.file} {speaker} {part.begin_s:.1f} s", item.file, speaker, _cut(samples, part))
        for speaker, part in alone(turns_of(item.rttm))
    ]


async def compare(daemon: Daemon, voices: Sequence[Voice]) -> Compared:
    """Enrol them all, and compare each with each other."""
    enrolled = {
        voice.name: await daemon.task("audio_enroll", audio_b64=wav(voice.samples)) for voice in voices
    }
    found = [voice for voice in voices if "error" not in enrolled[voice.name]]
    pairs = [
        Pair(
            one.name,
            other.name,
            one.speaker == other.speaker if one.known == other.known else None,
            cosine(enrolled[one.name], enrolled[other.name]),
        )
        for one, other in combinations(found, 2)
    ]
    return Compared(
        pairs,
        [voice.name for voice in voices if voice not in found],
        await _threshold(daemon, found[0], embedding(enrolled[found[0].name])) if found else None,
    )


async def _threshold(daemon: Daemon, voice: Voice, reference: bytes) -> float | None:
    answer = await daemon.task(
        "audio_verify", audio_b64=wav(voice.samples), reference_embedding_b64=reference
    )
    threshold: float | None = answer.get("threshold")
    return threshold


def wav(samples: NDArray[np.int16]) -> bytes:
    """As a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def _cut(samples: NDArray[np.int16], part: Stretch) -> NDArray[np.int16]:
    end_s = min(part.end_s, part.begin_s + LONGEST_S)
    return samples[round(part.begin_s * SAMPLE_RATE) : round(end_s * SAMPLE_RATE)]
