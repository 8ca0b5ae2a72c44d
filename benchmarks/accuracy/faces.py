"""Pairs of faces: how well their likeness parts one person's from two persons'."""

import base64
from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..harness import Metric, Table
from . import likeness
from .asking import Answer, Daemon, jpeg
from .labels import UNSURE, Item
from .rates import share
from .tallies import Verdict

CLOSEST = 25  # pairs of different persons that are verified one by one
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


class Pair(msgspec.Struct, frozen=True):
    """Two faces: whether they are one person's (None: unsure), how alike, and what ``face_verify`` says."""

    one: str
    other: str
    same: bool | None
    cosine: float
    verified: Answer | None = None


class Compared(msgspec.Struct, frozen=True):
    """All pairs, and where there was no face."""

    pairs: list[Pair]
    without: list[str]
    threshold: float | None


async def compare(daemon: Daemon, items: Sequence[Item]) -> Compared:
    """Embed the faces of what shows one, and compare each with each other."""
    shown = [item for item in items if item.kind in ("image", "document") and item.faces == 1]
    embedded = {item.file: await daemon.task("face_embed", image_b64=jpeg(item.path)) for item in shown}
    found = [item for item in shown if "error" not in embedded[item.file]]
    pairs = [
        Pair(one.file, other.file, same_person(one, other), cosine(embedded[one.file], embedded[other.file]))
        for one, other in combinations(found, 2)
    ]
    by_file = {item.file: item for item in found}
    verified = {}
    for pair in doubtful(pairs):
        verified[pair.one, pair.other] = await daemon.task(
            "face_verify",
            image_b64=jpeg(by_file[pair.one].path),
            reference_embedding_b64=base64.b64decode(embedded[pair.other]["embedding_b64"]),
        )
    threshold = next((each["threshold"] for each in verified.values() if "threshold" in each), None)
    return Compared(
        [msgspec.structs.replace(each, verified=verified.get((each.one, each.other))) for each in pairs],
        [item.file for item in shown if item not in found],
        threshold,
    )


def same_person(one: Item, other: Item) -> bool | None:
    """By their labels; who has none is nobody else."""
    if UNSURE in (one.person_id, other.person_id):
        return None
    return one.person_id is not None and one.person_id == other.person_id


def cosine(one: Answer, other: Answer) -> float:
    """Of two embeddings."""
    a, b = (_vector(each["embedding_b64"]) for each in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def doubtful(pairs: Sequence[Pair]) -> list[Pair]:
    """Those to be verified: all of one person, and the closest of two."""
    others = sorted((each for each in pairs if each.same is False), key=lambda each: -each.cosine)
    return [each for each in pairs if each.same] + others[:CLOSEST]


def judge(compared: Compared) -> Iterator[Verdict]:
    """Each pair by its verification, or, where nobody asked for that, by its cosine."""
    for pair in compared.pairs:
        match = (pair.verified or {}).get("match")
        told = match if match is not None else pair.cosine >= (compared.threshold or 1.0)
        yield Verdict(
            finding="face_verify.same_person",
            item=f"{pair.one} | {pair.other}",
            there=pair.same,
            told=told,
            why=f"cosine {pair.cosine:.2f}",
            score=pair.cosine,
        )


def figures(compared: Compared) -> dict[str, Metric]:
    """How well pairs are parted; nothing where one kind of them is missing."""
    same, others = _cosines(compared, True), _cosines(compared, False)
    if not same or not others:
        return {}
    about = f"{len(same)} pairs of one person, {len(others)} of two"
    equal = likeness.equal_error(same, others)
    return {
        "face_pairs_auc": Metric(likeness.auc(same, others), "", f"area under ROC; {about}"),
        "face_pairs_eer": Metric(equal.rate, "", f"equal error, at {equal.threshold:.2f}; {about}"),
    }


def table(compared: Compared) -> Table:
    """What thresholds do: the model's own and some others."""
    same, others = _cosines(compared, True), _cosines(compared, False)
    thresholds = sorted({*THRESHOLDS, *([compared.threshold] if compared.threshold is not None else [])})
    rows: list[list[str | float]] = []
    for threshold in thresholds:
        accepted = sum(each >= threshold for each in others)
        matched = sum(each >= threshold for each in same)
        own = " (the model's own)" if threshold == compared.threshold else ""
        rows.append(
            [
                f"{threshold:.2f}{own}",
                str(share(accepted, len(others))),
                str(share(matched, len(same))),
            ]
        )
    title = f"face pairs: {len(same)} of one person, {len(others)} of two"
    return Table(title, ["threshold", "false match", "true match"], rows)


def _cosines(compared: Compared, same: bool) -> list[float]:
    return [pair.cosine for pair in compared.pairs if pair.same is same]


def _vector(text: str) -> NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)
