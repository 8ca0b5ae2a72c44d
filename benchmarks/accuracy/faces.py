"""Pairs of faces: ``face_embed`` of what shows one, and ``face_verify`` where it is in doubt."""

from collections.abc import Sequence
from itertools import combinations

import msgspec

from .asking import Daemon, jpeg
from .labels import UNSURE, Item
from .pairs import Compared, Pair, cosine, embedding

CLOSEST = 25  # pairs of different persons that are verified one by one


async def compare(daemon: Daemon, items: Sequence[Item]) -> Compared:
    """Embed the faces of what shows one, and compare each with each other."""
    shown = [item for item in items if item.faces == 1]
    embedded = {item.file: await daemon.task("face_embed", image_b64=jpeg(item.path)) for item in shown}
    found = {item.file: item for item in shown if "error" not in embedded[item.file]}
    pairs = [
        Pair(one.file, other.file, same_person(one, other), cosine(embedded[one.file], embedded[other.file]))
        for one, other in combinations(found.values(), 2)
    ]
    verified = {}
    for pair in doubtful(pairs):
        verified[pair.one, pair.other] = await daemon.task(
            "face_verify",
            image_b64=jpeg(found[pair.one].path),
            reference_embedding_b64=embedding(embedded[pair.other]),
        )
    threshold = next((each["threshold"] for each in verified.values() if "threshold" in each), None)
    return Compared(
        [msgspec.structs.replace(each, verified=verified.get((each.one, each.other))) for each in pairs],
        [item.file for item in shown if item.file not in found],
        threshold,
    )


def same_person(one: Item, other: Item) -> bool | None:
    """By their labels; who has none is nobody else."""
    if UNSURE in (one.person_id, other.person_id):
        return None
    return one.person_id is not None and one.person_id == other.person_id


def doubtful(pairs: Sequence[Pair]) -> list[Pair]:
    """Those to be verified: all of one person, and the closest of two."""
    others = sorted((each for each in pairs if each.same is False), key=lambda each: -each.cosine)
    return [each for each in pairs if each.same] + others[:CLOSEST]
