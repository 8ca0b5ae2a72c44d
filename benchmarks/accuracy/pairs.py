"""Pairs of faces or of voices: how well their likeness parts one person's from two persons'. Pure."""

import base64
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..harness import Metric, Points, Table
from .asking import Answer
from .figures import likeness
from .figures.rates import share
from .figures.tallies import Verdict
from .found import Found

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
EMBEDDING = "embedding_b64"


class Pair(msgspec.Struct, frozen=True):
    """Two of them: whether they are one person's (None: unsure), how alike, and what a verification says."""

    one: str
    other: str
    same: bool | None
    cosine: float
    verified: Answer | None = None


class Compared(msgspec.Struct, frozen=True):
    """All pairs, what nothing was found in, and the model's own threshold."""

    pairs: Sequence[Pair]
    without: Sequence[str]
    threshold: float | None

    def cosines(self, same: bool) -> list[float]:
        """Of one person's pairs, or of two persons'."""
        return [pair.cosine for pair in self.pairs if pair.same is same]


def cosine(one: Answer, other: Answer) -> float:
    """Of the embeddings in two answers."""
    a, b = _vector(one), _vector(other)
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def embedding(answer: Answer) -> bytes:
    """As it is sent."""
    return base64.b64decode(answer[EMBEDDING])


def judged(compared: Compared, finding: str) -> Found:
    """Every pair, and what thresholds do. ``finding``: its name, such as ``face_verify.same_person``."""
    task = finding.partition(".")[0]
    notes = [f"{task}: nothing is found in {name}, so it is in no pair" for name in compared.without]
    tables = [table(compared, task)] if compared.pairs else []
    verdicts = list(_verdicts(compared, finding))
    return Found(
        len(compared.pairs), verdicts, figures(compared, task), tables, series(compared, task), notes
    )


def _verdicts(compared: Compared, finding: str) -> Iterator[Verdict]:
    """Each pair by its verification, or, where nobody asked for that, by its cosine."""
    for pair in compared.pairs:
        match = (pair.verified or {}).get("match")
        told = match if match is not None else pair.cosine >= (compared.threshold or 1.0)
        yield Verdict(
            finding=finding,
            item=f"{pair.one} | {pair.other}",
            there=pair.same,
            told=told,
            why=f"cosine {pair.cosine:.2f}",
            score=pair.cosine,
        )


def figures(compared: Compared, task: str) -> dict[str, Metric]:
    """How well pairs are parted; nothing where one kind of them is missing."""
    same, others = compared.cosines(True), compared.cosines(False)
    if not same or not others:
        return {}
    about = f"{len(same)} pairs of one person, {len(others)} of two"
    equal = likeness.equal_error(same, others)
    return {
        f"{task}.auc": Metric(likeness.auc(same, others), "", f"area under ROC; {about}"),
        f"{task}.eer": Metric(equal.rate, "", f"equal error, at {equal.threshold:.2f}; {about}"),
    }


def table(compared: Compared, task: str) -> Table:
    """What thresholds do: the model's own and some others."""
    same, others = compared.cosines(True), compared.cosines(False)
    thresholds = sorted({*THRESHOLDS, *([compared.threshold] if compared.threshold is not None else [])})
    rows: list[list[str | float]] = []
    for threshold in thresholds:
        own = " (the model's own)" if threshold == compared.threshold else ""
        accepted, matched = (sum(each >= threshold for each in kind) for kind in (others, same))
        rows.append(
            [f"{threshold:.2f}{own}", str(share(accepted, len(others))), str(share(matched, len(same)))]
        )
    title = f"{task}: {len(same)} pairs of one person, {len(others)} of two"
    return Table(title, ["threshold", "false match", "true match"], rows)


def series(compared: Compared, task: str) -> dict[str, Points]:
    """Both errors over the threshold."""
    same, others = compared.cosines(True), compared.cosines(False)
    if not same or not others:
        return {}
    points = likeness.curve(same, others)
    return {
        f"{task}/false match": [(each.threshold, each.false_match) for each in points],
        f"{task}/true match": [(each.threshold, each.true_match) for each in points],
    }


def _vector(answer: Answer) -> NDArray[np.float64]:
    return np.frombuffer(embedding(answer), "<f4").astype(np.float64)
