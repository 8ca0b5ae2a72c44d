"""Several channels to one, so that nobody's voice gets lost. Pure.

The mean of all channels keeps an interview with a person on each. It loses a voice that two channels have
with opposite signs (a balanced line wired to both), and halves one that stands beside a dead channel. So
dead channels do not count; channels that move against the loudest one are turned over; and where the rest
still cancels, the loudest channel stands for all.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

DEAD = 1e-4  # of the loudest channel's power (-40 dB), in the block where the channel is loudest
FIRM = 0.25  # correlation beyond which two channels hold the same voice, rather than like ones by chance
CANCELLED = 0.1  # of the power that unrelated channels would have
RAMP = 160  # samples, 10 ms
LIVE_BLOCK = 1600  # samples, 100 ms
REMEMBERED = 100  # blocks, 10 s


def weights(covariances: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each channel of each block counts: f64 ``[blocks, channels]``.

    Args:
        covariances: f64 ``[blocks, channels, channels]``, sums of products of samples.
    """
    power = np.diagonal(covariances, axis1=1, axis2=2)
    peaks = power.max(axis=0)
    alive = peaks >= max(DEAD * peaks.max(), np.finfo(float).tiny)
    if not alive.any():
        alive[:] = True
    chosen = np.empty(power.shape)
    signs = np.ones(power.shape[1])
    for block, covariance in enumerate(covariances):
        signs = _turned(signs, covariance)
        chosen[block] = _kept(signs * alive / alive.sum(), signs, covariance)
    return chosen


def _turned(signs: NDArray[np.float64], covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signs with which channels agree with the loudest one; those that are unrelated to it keep theirs."""
    power = np.diagonal(covariance)
    loudest = int(power.argmax())
    scale = np.sqrt(power * power[loudest])
    likeness = np.divide(covariance[loudest], scale, out=np.zeros_like(scale), where=scale > 0)
    return np.where(np.abs(likeness) > FIRM, np.sign(likeness) * signs[loudest], signs)


def _kept(
    mix: NDArray[np.float64], signs: NDArray[np.float64], covariance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The mix, or the loudest channel alone where the mix cancels."""
    power = np.diagonal(covariance)
    if mix @ covariance @ mix >= CANCELLED * (mix**2 @ power):
        return mix
    alone = np.zeros_like(mix)
    loudest = int(power.argmax())
    alone[loudest] = signs[loudest]
    return alone


def covariance(block: NDArray[np.int16]) -> NDArray[np.float64]:
    """Sums of products of samples i16 ``[channels, n]``: f64 ``[channels, channels]``."""
    samples = block.astype(np.float64)
    return samples @ samples.T


def mixed(
    block: NDArray[np.int16], before: NDArray[np.float64], now: NDArray[np.float64]
) -> NDArray[np.int16]:
    """One block i16 ``[channels, n]`` to i16 ``[n]``; weights change over ``RAMP`` samples."""
    sound = now @ block
    if (before != now).any():
        part = block[:, :RAMP]
        share = np.linspace(0, 1, part.shape[1], endpoint=False)
        sound[: len(share)] = (1 - share) * (before @ part) + share * sound[: len(share)]
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def blocks(parts: Iterable[NDArray[np.int16]], length: int) -> Iterator[NDArray[np.int16]]:
    """Pieces i16 ``[channels, n]`` of any length in pieces of one, the last as long as it is."""
    held: list[NDArray[np.int16]] = []
    for part in parts:
        held.append(part)
        if sum(each.shape[1] for each in held) >= length:
            whole = np.concatenate(held, axis=1)
            full = whole.shape[1] // length * length
            yield from np.split(whole[:, :full], full // length, axis=1)
            held = [whole[:, full:]]
    if held and (rest := np.concatenate(held, axis=1)).size:
        yield rest


def live(parts: Iterable[NDArray[np.int16]]) -> Iterator[NDArray[np.int16]]:
    """Channels of sound that still comes to one, by what was heard in the last ``REMEMBERED`` blocks."""
    heard: deque[NDArray[np.float64]] = deque(maxlen=REMEMBERED)
    before: NDArray[np.float64] | None = None
    for block in blocks(parts, LIVE_BLOCK):
        heard.append(covariance(block))
        now = weights(np.stack(heard))[-1]
        yield mixed(block, now if before is None else before, now)
        before = now
