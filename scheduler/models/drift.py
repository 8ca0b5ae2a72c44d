"""How far half precision puts a model's outputs off, in the units in which they are told.

A model that may run in half precision says so by ``drifts``. It compares what the model can tell: scores, not
logits, and boxes where the model sees something likely, for nobody is told of the others.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..core import VisionModel
from .outputs import probabilities, unit_rows

MOST_OF_SCORE = 0.01
MOST_OF_COSINE = 1e-4  # two embeddings that are each so far off are nearer or further by 0.03 at most
LIKELY = 20  # places of a detector's map: more things or people than a camera shows of a room

Tensors = Sequence[NDArray[Any]]


class Drift(NamedTuple):
    """Of an output: how far the furthest is ``off``, and how far it may be. Not a number is too far."""

    what: str
    off: float
    most: float

    @property
    def tolerable(self) -> bool:
        """Whether it is told as it was."""
        return self.off <= self.most

    def __str__(self) -> str:
        """As it is logged."""
        return f"{self.what} off by {self.off:.2g} of {self.most:g}"


@runtime_checkable
class Halvable(VisionModel, Protocol):
    """A model of frames that may run in half precision where what it tells is the same."""

    def drifts(self, half: Tensors, full: Tensors) -> Sequence[Drift]:
        """How far outputs of the same frames in half precision are from those in full."""


def of_places(half: NDArray[Any], full: NDArray[Any], most: float, what: str = "places") -> Drift:
    """Of coordinates or lengths, all in the same unit."""
    return Drift(what, float(np.abs(half - full).max(initial=0.0)), most)


def of_scores(half: NDArray[Any], full: NDArray[Any]) -> Drift:
    """Of scores in 0..1."""
    return Drift("scores", float(np.abs(half - full).max(initial=0.0)), MOST_OF_SCORE)


def of_logits(half: NDArray[Any], full: NDArray[Any]) -> Drift:
    """Of the scores that these are the logits of."""
    return of_scores(probabilities(half), probabilities(full))


def of_embeddings(half: NDArray[Any], full: NDArray[Any]) -> Drift:
    """Of embeddings ``[B, N]``: of each from itself, the cosine distance."""
    cosines = (unit_rows(half).astype(np.float64) * unit_rows(full)).sum(axis=1)
    return Drift("embeddings", float((1 - cosines).max(initial=0.0)), MOST_OF_COSINE)


def likeliest(scores: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and places of the ``LIKELY`` highest scores of each row, ``[B, N]``."""
    places = np.argsort(-scores, axis=1, kind="stable")[:, :LIKELY]
    return np.repeat(np.arange(len(scores)), places.shape[1]), places.reshape(-1)
