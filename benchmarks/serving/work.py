"""The tasks that every system does, how one of them is asked for, and when two answers are the same."""

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

Answer = Mapping[str, Any]

LIKE = 0.995  # cosine of two embeddings of one picture
SURE = 0.4  # objects below this score may be seen by one system and not by the other
SCORES_APART = 0.05
BOXES_APART = 0.02  # of the picture


class Request(NamedTuple):
    """What is sent, and to which path."""

    path: str
    body: bytes
    content_type: str


class Work(NamedTuple):
    """One task on one picture. ``usable``: whether an answer says what the picture shows.

    ``difference``: why two answers are not the same; empty where they are.
    """

    task: str
    domain: str
    usable: Callable[[Answer], bool]
    difference: Callable[[Answer, Answer], str]


def same_embedding(ours: Answer, theirs: Answer) -> str:
    """Compare two answers to ``face_embed``."""
    a, b = (np.frombuffer(base64.b64decode(each["embedding_b64"]), "<f4") for each in (ours, theirs))
    if a.shape != b.shape:
        return f"embeddings of {len(a)} and {len(b)} numbers"
    likeness = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
    if likeness < LIKE:
        return f"embeddings have a cosine of {likeness:.4f}, less than {LIKE}"
    if ours["face_count"] != theirs["face_count"]:
        return f"{ours['face_count']} and {theirs['face_count']} faces"
    return ""


def same_objects(ours: Answer, theirs: Answer) -> str:
    """Compare two answers to ``video_room_scan``: what either is sure of, the other must have seen there."""
    for one, other in ((ours["objects"], theirs["objects"]), (theirs["objects"], ours["objects"])):
        for thing in one:
            if thing["score"] >= SURE and not any(_same_thing(thing, each) for each in other):
                return f"{thing['label']} ({thing['score']}) at {thing['box']} was seen by one alone"
    return ""


def _same_thing(a: Answer, b: Answer) -> bool:
    return (
        a["label"] == b["label"]
        and abs(a["score"] - b["score"]) <= SCORES_APART
        and same_box(a["box"], b["box"])
    )


def same_box(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether no edge (in 0..1 of the picture) is elsewhere."""
    return bool(np.abs(np.subtract(a, b)).max() <= BOXES_APART)


FACE_EMBED = Work("face_embed", "face", lambda answer: answer["face_count"] == 1, same_embedding)
ROOM_SCAN = Work(
    "video_room_scan",
    "video",
    lambda answer: any(thing["label"] == "person" for thing in answer["objects"]),
    same_objects,
)
WORKS = (FACE_EMBED, ROOM_SCAN)
