"""Each file with its labels and what was seen in it, to be looked at. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from ..harness import Bar, Exhibit, Mark, Shot
from .asking import Answer
from .clip_verdicts import SEEN, Findings
from .documents import Read
from .figures.tallies import Verdict
from .labels import Item, Span, Spans
from .pairs import Compared
from .pictures import Seen

MOST_SHOTS = 4
NEAR_S = 1.5  # an observation tells of a picture so near to it


def picture(item: Item, seen: Seen, verdicts: Sequence[Verdict]) -> Exhibit:
    """With the boxes of things and faces, and where the face looks."""
    marks = marks_of(seen.scan) + marks_of(seen.look)
    said = [f"{key}: {seen.look[key]}" for key in ("gaze", "head_pose", "blink") if seen.look.get(key)]
    said += [f"{name}: {answer['error']}" for name, answer in _named(seen).items() if "error" in answer]
    return Exhibit(item.file, _wrong(verdicts), said, [Shot(str(item.path), 0.0, marks)])


def document(item: Item, read: Read, verdicts: Sequence[Verdict]) -> Exhibit:
    """With the blocks of text, and the fields."""
    marks = [
        Mark(f"{block['text']} {block['confidence']:.2f}", block["box"])
        for block in read.ocr.get("blocks", ())
    ]
    fields, warnings = read.verified.get("ocr_fields"), read.verified.get("warnings")
    said = [f"fields: {fields}; warnings: {warnings}; face: score {read.verified.get('score')}"]
    said += [f"{answer['error']}" for answer in (read.ocr, read.verified) if "error" in answer]
    return Exhibit(item.file, _wrong(verdicts), said, [Shot(str(item.path), 0.0, marks)])


def wrong_pairs(compared: Compared, verdicts: Sequence[Verdict], items: Iterable[Item]) -> list[Exhibit]:
    """Both pictures of each pair that was taken for what it is not."""
    paths = {item.file: str(item.path) for item in items}
    return [
        Exhibit(verdict.item, _wrong([verdict]), [], [Shot(paths[pair.one]), Shot(paths[pair.other])])
        for pair, verdict in zip(compared.pairs, verdicts, strict=True)
        if verdict.wrong
    ]


def clip(
    item: Item,
    found: Findings,
    seconds: float,
    observed: Sequence[tuple[float, Answer]],
    verdicts: Sequence[Verdict],
) -> Exhibit:
    """With a timeline, and pictures of what is labelled and of when findings began.

    ``observed``: results, by the media's second.
    """
    labelled = [(each.begin_s + (each.end_s or seconds)) / 2 for spans in _seen(item) for each in spans.sure]
    begun = [each.when.begin_s + 0.3 for findings in found.values() for each in findings]
    times = sorted([*labelled, *begun][:MOST_SHOTS])
    shots = [Shot(str(item.path), at_s, _seen_at(at_s, observed)) for at_s in times]
    if not shots:
        shots = [Shot(str(item.path), seconds / 2, _seen_at(seconds / 2, observed))]
    names = dict.fromkeys([*item.segments, *found])
    bars = [bar for name in names for bar in _bars(name, item, found, seconds)]
    shown = shots if item.kind == "video" else []
    return Exhibit(item.file, _wrong(verdicts), [], shown, seconds, bars)


def marks_of(answer: Answer) -> list[Mark]:
    """The boxes in a result."""
    things = [Mark(f"{each['label']} {each['score']:.2f}", each["box"]) for each in answer.get("objects", ())]
    return things + [Mark("face", box) for box in answer.get("faces", ())]


def _seen(item: Item) -> list[Spans]:
    """The labels of what there is to see."""
    return [spans for name, spans in item.segments.items() if name in SEEN]


def _seen_at(at_s: float, observed: Sequence[tuple[float, Answer]]) -> list[Mark]:
    """What the nearest observation of each stream tells."""
    near: dict[bool, tuple[float, Answer]] = {}
    for media_s, answer in observed:
        kind, away = "faces" in answer, abs(media_s - at_s)
        if away <= NEAR_S and (kind not in near or away < abs(near[kind][0] - at_s)):
            near[kind] = media_s, answer
    return [mark for _, answer in near.values() for mark in marks_of(answer)]


def _bars(name: str, item: Item, found: Findings, seconds: float) -> list[Bar]:
    def spans(labelled: Sequence[Span]) -> list[tuple[float, float]]:
        return [
            (each.begin_s, seconds if each.end_s is None else min(each.end_s, seconds)) for each in labelled
        ]

    labels = item.segments.get(name)
    told = [(each.when.begin_s, each.when.end_s) for each in found.get(name, ())]
    bars = [Bar(name, "told", told)] if told else []
    if labels and labels.unsure:
        bars.insert(0, Bar(name, "unsure", spans(labels.unsure)))
    if labels and labels.sure:
        bars.insert(0, Bar(name, "label", spans(labels.sure)))
    return bars


def _wrong(verdicts: Sequence[Verdict]) -> list[str]:
    return [f"{each.finding} {each.wrong}: {each.why or each.item}" for each in verdicts if each.wrong]


def _named(seen: Seen) -> dict[str, Any]:
    return {"video_room_scan": seen.scan, "face_embed": seen.embed, "face stream": seen.look}
