"""Thresholds on looks that were taken once."""

from pathlib import Path

from argusd.benchmarks.accuracy.figures.tallies import Verdict
from argusd.benchmarks.accuracy.labels import Item, Span, Spans
from argusd.benchmarks.accuracy.sweep.knobs import KNOBS
from argusd.benchmarks.accuracy.sweep.scores import by_score
from argusd.benchmarks.accuracy.sweep.thresholds import Setting, Taken, suggested, swept
from argusd.benchmarks.rigs.recorded import Recorded
from argusd.ingest.shm.frame import i420_info
from argusd.scheduler.contract.roles import OBJECT_DETECTOR
from argusd.scheduler.core import Moment, Outcome
from argusd.scheduler.models.outputs import PHONE, Box, Thing

FRAME = i420_info(640, 480)


def looks(scores: list[float]) -> tuple[Recorded, list[Outcome]]:
    """A look a second that shows a phone with such a score, and what was told of it at 0.35."""
    recorded = Recorded()
    analyzer = recorded.factories()["video"](KNOBS[0].policy(0.35))
    told: list[Outcome] = []
    last = Moment(0.0, 0.0, 0.0)
    for second, score in enumerate(scores):
        last = Moment(float(second), 0.0, 0.0, 640, 480)
        analyzer.roi(OBJECT_DETECTOR, FRAME)
        told += analyzer.absorb(OBJECT_DETECTOR, [Thing(PHONE, score, Box(10, 10, 60, 90))], last)
    return recorded, [*told, *analyzer.finish(last)]


def test_the_same_looks_under_the_same_policy_tell_the_same() -> None:
    recorded, told = looks([0.9] * 5 + [0.1] * 5)
    assert [each.state for each in told if each.name == "phone_detected"] == ["start", "end"]
    assert recorded.again("video", KNOBS[0].policy(0.35)) == told
    assert [each.type for each in recorded.again("video", KNOBS[0].policy(1.0))] == ["observation"] * 10


def test_every_knob_turns_what_the_policy_has() -> None:
    for knob in KNOBS:
        written = knob.written(knob.values[0])[knob.finding]
        part = getattr(knob.policy(knob.values[0]), knob.finding)
        assert {name: round(getattr(part, name), 3) for name in written} == written
        assert knob.policy(knob.values[0]) != knob.policy(knob.values[-1])


def test_a_threshold_between_a_phone_and_what_is_none_is_suggested() -> None:
    item = Item(
        file="a", path=Path("a"), kind="video", segments={"phone_detected": Spans((Span(0.0, None),))}
    )
    there, calm = looks([0.8] * 10)[0], looks([0.42] * 10)[0]
    taken = [Taken(item, there, 10.0), Taken(item, calm, 10.0, frozenset({"multiple_people"}))]
    other = Item(file="b", path=Path("b"), kind="video")
    taken += [Taken(other, calm, 10.0, frozenset({"phone_detected"}))]
    found = swept(taken, 0.5)
    assert 0.42 < found.metrics["sweep.phone_detected"].value <= 0.8
    rows = {row[0]: row[3:6] for row in found.tables[0].rows}
    assert rows["0.35"] == [1, 1, 0]
    assert rows["0.6"] == [1, 0, 0]
    assert any("phone_detected" in note and '"score"' in note for note in found.notes)


def test_the_most_is_found_within_the_wanted_rate() -> None:
    loud, good, better, deaf = (
        Setting(0.2, 9, 1, 9, 1.0),
        Setting(0.4, 7, 3, 0, 1.0),
        Setting(0.5, 7, 3, 0, 1.0),
        Setting(0.7, 1, 9, 0, 1.0),
    )
    assert suggested([loud, good, better, deaf], 0.5) == better
    assert suggested([loud, good, better, deaf], 20.0) == loud
    assert suggested([loud], 0.5) is None


def test_pictures_are_judged_by_their_scores() -> None:
    verdicts = [
        Verdict(finding="picture.phone", item=str(score), there=there, told=False, score=score)
        for score, there in ((0.3, True), (0.6, True), (0.5, False), (0.9, None))
    ]
    (table,) = by_score(verdicts).tables
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["0.30"] == ["0.67 (0.21–0.94)", "1.00 (0.34–1.00)"]
    assert rows["0.55"] == ["1.00 (0.21–1.00)", "0.50 (0.09–0.91)"]
    assert rows["0.95"] == ["–", "0.00 (0.00–0.66)"]
    assert by_score([verdicts[2]]).tables == []
