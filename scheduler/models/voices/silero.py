"""Silero VAD: how likely 32 ms of sound hold speech.

Silero team, github.com/snakers4/silero-vad (MIT), version 6. A recurrent network: each window of 512 samples
comes after the 64 before it, with the state that the last one left.

Inputs: f32 ``[B, 576]`` in −1..1, state f32 ``[2, B, 128]``, sample rate i64. Outputs: probability f32
``[B, 1]``, new state. The memory of all sessions lies in columns here, one per slot, so that a batch is one
gather and one scatter. A session is in one batch at a time: its next window needs what the last one left.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...contract.media import SAMPLE_RATE
from ...contract.roles import VAD
from ...core import Feeds
from ..outputs import VoiceActivity
from ..registry import Graph, register

WINDOW = 512
CONTEXT = 64
STATE = 128
FULL_SCALE = 32768
FIRST_SLOTS = 64


class Silero:
    """The voice detector; one output row is a ``VoiceActivity``. Slots are added as they come into use."""

    role = VAD
    window = hop = WINDOW

    def __init__(self, name: str) -> None:
        self.name = name
        self._state = np.zeros((2, FIRST_SLOTS, STATE), np.float32)
        self._context = np.zeros((FIRST_SLOTS, CONTEXT), np.float32)
        self._next_context = np.zeros((FIRST_SLOTS, CONTEXT), np.float32)
        self._rms = np.zeros(FIRST_SLOTS)

    def example(self, batch: int) -> Feeds:
        """Silence."""
        return _feeds(
            np.zeros((batch, CONTEXT + WINDOW), np.float32), np.zeros((2, batch, STATE), np.float32)
        )

    def reset(self, slot: int) -> None:
        """Forget what was heard in this slot."""
        self._reach(slot)
        self._state[:, slot] = 0
        self._context[slot] = 0

    def prepare(self, samples: NDArray[np.int16], slots: NDArray[np.intp]) -> Feeds:
        """Feeds for i16 ``[B, 512]``; their ends are to be the context of the next ones."""
        sound = samples.astype(np.float32) / FULL_SCALE
        self._reach(int(slots.max(initial=0)))
        padded = np.hstack([self._context[slots], sound])
        self._next_context[slots] = sound[:, -CONTEXT:]
        self._rms[slots] = np.sqrt(np.square(sound).mean(axis=1))
        return _feeds(padded, self._state[:, slots])

    def decode(self, tensors: Sequence[NDArray[Any]], slots: NDArray[np.intp]) -> list[VoiceActivity]:
        """One ``VoiceActivity`` per row; keeps the new states."""
        speech, state = tensors
        levels = self._rms[slots]
        heard = [VoiceActivity(float(p), float(level)) for p, level in zip(speech[:, 0], levels, strict=True)]
        self._state[:, slots] = state
        self._context[slots] = self._next_context[slots]
        return heard

    def _reach(self, slot: int) -> None:
        more = max(slot + 1 - len(self._rms), 0)
        if not more:
            return
        more = max(more, len(self._rms))  # doubling keeps additions rare
        self._state = np.pad(self._state, ((0, 0), (0, more), (0, 0)))
        self._context = np.pad(self._context, ((0, more), (0, 0)))
        self._next_context = np.pad(self._next_context, ((0, more), (0, 0)))
        self._rms = np.pad(self._rms, (0, more))


def _feeds(padded: NDArray[np.float32], state: NDArray[np.float32]) -> Feeds:
    return {"input": padded, "state": state, "sr": np.array(SAMPLE_RATE, np.int64)}


register(Graph(Silero), "silero_vad")
