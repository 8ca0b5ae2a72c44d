"""What was found in a clip or a recording beside its labels, as stretches of time. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from argusd.scheduler.contract.policy import Policy, SpeechDetected

from .figures.spans import Stretch, Times, cut, merged, shared_s, timed
from .figures.tallies import Verdict
from .labels import UNSURE, Item, Span, Spans

POLICY = Policy(speech_detected=SpeechDetected(enabled=True))
SEEN = (
    *("face_absent", "multiple_faces", "multiple_people", "phone_detected"),
    *("gaze_away", "head_turned", "lip_sync"),
)
NAMED = {"lip_sync_violation": "lip_sync"}  # as in a policy, what is told under another name
LABELLED_WITHIN_S = 0.5  # who labels by eye is no more exact
SHARED_S = 0.2  # that a finding and a label have at least in common
SPARE_S = 0.3  # what is told only after a while must last a little longer to be missed
UNSURE_PART = 0.95  # of a clip; then nothing is judged
EARLY_S, LATE_S = 0.3, 1.05  # speech begins before it is sure, and its end is waited for


class Finding(NamedTuple):
    """A violation: when, and what was told with it."""

    when: Stretch
    data: Mapping[str, Any]


Findings = Mapping[str, Sequence[Finding]]


class Told(NamedTuple):
    """A violation's start, update or end, as it was told."""

    name: str
    state: str
    data: Mapping[str, Any]


def found_in(told: Iterable[Told], lasted_s: float, scale: float = 1.0) -> dict[str, list[Finding]]:
    """Violations by their names in a policy; one of which no end was told lasts to the end, ``lasted_s``.

    ``scale``: what to multiply times by.
    """
    violations: dict[str, dict[float, Finding]] = {}
    for name, state, data in told:
        begin_s = data["start_s"]
        end_s = data["end_s"] if state == "end" else lasted_s
        finding = Finding(Stretch(begin_s * scale, end_s * scale), data)
        violations.setdefault(NAMED.get(name, name), {})[begin_s] = finding
    return {name: list(each.values()) for name, each in violations.items()}


def judge(item: Item, found: Findings, seconds: float, part: str) -> Iterator[Verdict]:
    """All violations of a clip; of a recording a second speaker alone. ``part``: how it was played."""
    if item.kind == "video":
        for name in SEEN:
            yield from _judge_one(item, name, found.get(name, ()), seconds, part)
    yield from _second_speaker(item, bool(found.get("second_speaker")), part)


def speech(item: Item, found: Findings, seconds: float) -> Times | None:
    """Of the speech that is labelled; None where nobody labelled any."""
    spans = item.segments.get("speech_detected", Spans())
    there, unsure = _stretches(spans.sure, seconds), _stretches(spans.unsure, seconds)
    if not there or shared_s(Stretch(0.0, seconds), unsure) >= UNSURE_PART * seconds:
        return None
    told = [each.when for each in found.get("speech_detected", ())]
    return timed(there, unsure, told, EARLY_S, LATE_S)


def _judge_one(
    item: Item, name: str, found: Sequence[Finding], seconds: float, part: str
) -> Iterator[Verdict]:
    spans = item.segments.get(name, Spans())
    there, unsure = _stretches(spans.sure, seconds), _stretches(spans.unsure, seconds)
    sides = [(Stretch(each.begin_s, each.end_s or seconds), each.side) for each in spans.sure if each.side]
    if shared_s(Stretch(0.0, seconds), unsure) >= UNSURE_PART * seconds:
        yield _verdict(item, part, name, Stretch(0.0, seconds), None, bool(found))
        return
    wanted = [each for each in there if each.seconds >= getattr(POLICY, name).start_after_s + SPARE_S]
    for each in wanted:
        hits = [one for one in found if shared_s(one.when.widened(LABELLED_WITHIN_S), [each]) > SHARED_S]
        yield _verdict(item, part, name, each, True, bool(hits))
        expected = {side for when, side in sides if shared_s(when, [each]) > 0}
        if hits and expected:
            said = hits[0].data.get("direction")
            why = f"label {', '.join(sorted(expected))}; said {said}"
            yield _verdict(item, part, f"{name}_side", each, True, said in expected, why, exact=True)
    others = [one for one in found if not _near(one.when, there)]
    for one in others:
        left_out = shared_s(one.when, [each.widened(LABELLED_WITHIN_S) for each in unsure])
        is_there = None if left_out >= one.when.seconds / 2 and left_out > 0 else False
        yield _verdict(item, part, name, one.when, is_there, True, _said(one))
    if not wanted and not found:
        yield _verdict(item, part, name, Stretch(0.0, seconds), False, False)


def _near(when: Stretch, there: Sequence[Stretch]) -> bool:
    return shared_s(when, merged(each.widened(LABELLED_WITHIN_S) for each in there)) > min(
        SHARED_S, when.seconds / 2
    )


def _second_speaker(item: Item, told: bool, part: str) -> Iterator[Verdict]:
    """By recording: who speaks is labelled, and not when the second one does."""
    speakers = item.speakers
    if speakers is None and item.kind == "video" and item.segments.get("speech_detected", Spans()).sure:
        speakers = 1
    if item.segments.get("second_speaker", Spans()).unsure:
        speakers = UNSURE
    if speakers in (None, 0):
        return
    there = None if speakers is UNSURE else speakers != 1
    yield Verdict(
        finding=f"{part}.second_speaker",
        item=item.file,
        there=there,
        told=told,
        why=f"speakers {speakers}",
        sure=item.sure,
    )


def _verdict(
    item: Item,
    part: str,
    name: str,
    when: Stretch,
    there: bool | None,
    told: bool,
    why: str = "",
    *,
    exact: bool = False,
) -> Verdict:
    where = f"{item.file} {when.begin_s:.1f}–{when.end_s:.1f} s"
    return Verdict(
        finding=f"{part}.{name}", item=where, there=there, told=told, why=why, exact=exact, sure=item.sure
    )


def _said(one: Finding) -> str:
    kept = ("direction", "value", "threshold", "person_count", "face_count", "offset_ms", "evidence")
    return ", ".join(f"{key} {one.data[key]}" for key in kept if one.data.get(key) is not None)


def _stretches(spans: Sequence[Span], seconds: float) -> list[Stretch]:
    ends = [Stretch(each.begin_s, seconds if each.end_s is None else each.end_s) for each in spans]
    return merged(cut(ends, seconds))
