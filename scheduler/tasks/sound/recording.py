"""A whole container of sound to samples, in this process; ``sound.py`` says for which kinds that is safe.

Several channels are mixed as ``mix.py`` says.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise

import numpy as np

from argusd.kernels.file_kinds import id3_size

from ...contract.errors import BadAudio
from ...contract.media import SAMPLE_RATE
from . import boxes, decoding, mix
from .decoding import Samples

BLOCK = SAMPLE_RATE // 2  # samples, for which channels are weighed alike
MISSING = 0.05  # of the samples that a header promises


def decode_recording(data: bytes, kind: str, rate: int | None) -> Samples:
    """Decode a container of one of the kinds in ``containers.py`` to i16 ``[samples]`` at 16 kHz.

    Raises:
        BadAudio, AudioTooLong: it cannot be used.
    """
    boxes.check(data, kind)
    data = data[id3_size(data) :]
    header = decoding.read_header(data, kind, rate)
    read = partial(decoding.channels, data, kind)
    samples = _mixed(read) if header.channels > 1 else joined(read())
    if len(samples) < header.promised * (1 - MISSING):
        promised_s, came_s = header.promised / SAMPLE_RATE, len(samples) / SAMPLE_RATE
        raise BadAudio(f"The {kind} file is cut off: of {promised_s:.1f} s {came_s:.1f} s came.")
    return samples


def joined(parts: Iterable[Samples]) -> Samples:
    """The first channels of i16 ``[channels, n]`` pieces, one after the other."""
    return np.concatenate([np.zeros(0, np.int16), *(part[0] for part in parts)])


def _mixed(read: Callable[[], Iterable[Samples]]) -> Samples:
    """All channels in one, decoded twice: what a channel counts depends on all that it holds."""
    spread = list(map(mix.covariance, mix.blocks(read(), BLOCK)))
    if not spread:
        return np.zeros(0, np.int16)
    weights = mix.weights(np.stack(spread))
    steps = pairwise([weights[0], *weights])
    blocks = mix.blocks(read(), BLOCK)
    return np.concatenate(
        [mix.mixed(block, before, now) for block, (before, now) in zip(blocks, steps, strict=True)]
    )
