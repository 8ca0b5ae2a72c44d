"""What a model's score says of a finding, as the manifest has it: one policy for all models of a role."""

from functools import lru_cache
from math import exp, inf
from typing import NamedTuple

from .contract.policy import MultiplePeople, PhoneDetected
from .evidence import SURE
from .zoo.manifest import Calibration, Likeness, Manifest, builtin_manifest

USUAL = {"phone_detected": PhoneDetected().score, "multiple_people": MultiplePeople().score}


class Scale(NamedTuple):
    """Scores of one model under one policy.

    A look at the ``threshold`` counts in full, because the caller says so; below it counts what such scores
    turned out to be: log-odds of ``slope`` for each 1 above ``even``.
    """

    threshold: float
    even: float
    slope: float

    def log_odds(self, score: float) -> float:
        """What a look with this score says, ``SURE`` at most."""
        return SURE if score >= self.threshold else min(SURE, self.slope * (score - self.even))


@lru_cache(maxsize=1024)
def scale_of(model: str, finding: str, wanted: float) -> Scale:
    """The scale on which ``wanted``, a policy's score, means what it means for the others of the role.

    A model that was not measured is taken at its word: its score is the policy's, and below it says no.
    """
    measured = _MEASURED.get((model, finding))
    if measured is None:
        return Scale(wanted, wanted, inf)
    stricter = wanted - USUAL[finding]
    return Scale(round(measured.sure + stricter, 6), measured.even + stricter, measured.slope)


def same_person(model: str, cosine: float) -> float | None:
    """How probably two embeddings by a model are one person's, at even odds beforehand.

    None: nobody measured it on enough people.
    """
    measured = _ALIKE.get(model)
    if measured is None:
        return None
    return round(1 / (1 + exp(-measured.slope * (cosine - measured.even))), 3)


def know(manifest: Manifest) -> None:
    """Go by what this manifest says of its models, from now on."""
    for entry in manifest.models:
        for finding, measured in entry.calibration.items():
            _MEASURED[entry.name, finding] = measured
        if entry.same_person is not None:
            _ALIKE[entry.name] = entry.same_person


_MEASURED: dict[tuple[str, str], Calibration] = {}
_ALIKE: dict[str, Likeness] = {}
know(builtin_manifest())
