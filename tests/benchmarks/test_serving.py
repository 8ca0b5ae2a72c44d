"""What is made of callers' and sessions' answers."""

import base64
from typing import Any

import numpy as np
import pytest

from argusd.benchmarks.harness import NEVER
from argusd.benchmarks.report.live_runs import limit, tables_of
from argusd.benchmarks.rigs.daemon import running_daemon
from argusd.benchmarks.serving.interviews import Figures, Stream, StreamFigures, figures
from argusd.benchmarks.serving.server import Memory, NotReady
from argusd.benchmarks.serving.work import FACE_EMBED, ROOM_SCAN


def face(vector: list[float], count: int = 1) -> dict[str, Any]:
    return {
        "embedding_b64": base64.b64encode(np.array(vector, "<f4").tobytes()).decode(),
        "face_count": count,
    }


def room(*things: tuple[str, float, float]) -> dict[str, Any]:
    return {"objects": [{"label": n, "score": score, "box": [x, x, 1.0, 1.0]} for n, score, x in things]}


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        (face([1.0, 0.01]), ""),
        (face([1.0, 0.2]), "embeddings have a cosine of 0.9806, less than 0.995"),
        (face([1.0, 0.0, 0.0]), "embeddings of 2 and 3 numbers"),
        (face([1.0, 0.0], count=2), "1 and 2 faces"),
    ],
)
def test_embeddings_are_the_same_within_a_tolerance(theirs: dict[str, Any], reason: str) -> None:
    assert FACE_EMBED.difference(face([1.0, 0.0]), theirs) == reason


@pytest.mark.parametrize(
    ("theirs", "reason"),
    [
        (room(("person", 0.72, 0.11)), ""),
        (room(("person", 0.7, 0.1), ("book", 0.3, 0.5)), ""),  # nobody is sure of it
        (room(("person", 0.7, 0.2)), "person (0.7) at [0.1, 0.1, 1.0, 1.0] was seen by one alone"),
        (room(("person", 0.6, 0.1)), "person (0.7) at [0.1, 0.1, 1.0, 1.0] was seen by one alone"),
        (
            room(("person", 0.7, 0.1), ("book", 0.5, 0.5)),
            "book (0.5) at [0.5, 0.5, 1.0, 1.0] was seen by one alone",
        ),
    ],
)
def test_objects_are_the_same_where_somebody_is_sure_of_them(theirs: dict[str, Any], reason: str) -> None:
    assert ROOM_SCAN.difference(room(("person", 0.7, 0.1)), theirs) == reason


def stream(answered: dict[int, float], messages: int = 60) -> Stream:
    """One with a message a tenth of a second, of which these were answered then."""
    made = Stream("s", 0, "face", [b""], stamps=False)
    made.dues = [number / 10 for number in range(messages)]
    made.answered = answered
    made.first = {number: at - 0.02 for number, at in answered.items()}
    return made


def test_ages_are_of_what_was_answered_while_it_was_watched() -> None:
    answered = {n: n / 10 + (0.05 if n < 40 else 0.15) for n in range(58)}
    found = figures([stream(answered)], 0.0, 6.0)
    assert found.looks == pytest.approx(58 / 60)  # due meanwhile, and answered at all
    assert found.p50_ms == pytest.approx(50)
    assert found.first_p50_ms == pytest.approx(30)
    assert found.p95_ms == pytest.approx(150)
    assert found.trend == pytest.approx(3.0)


def test_who_was_answered_less_shows() -> None:
    often, seldom = ({n: n / 10 + 0.01 for n in range(0, 60, step)} for step in (1, 3))
    assert figures([stream(often), stream(seldom)], 0.0, 6.0).uneven == pytest.approx(3.0)


def test_nothing_at_all_is_no_age_of_zero() -> None:
    assert figures([stream({})], 0.0, 6.0) == StreamFigures(NEVER, NEVER, NEVER, 0.0, NEVER, NEVER)


def run(number: int, p95_ms: float, looks: float) -> list[Figures]:
    each = StreamFigures(10.0, 10.0, p95_ms, looks, 1.0, 1.0)
    return [Figures(number, {"face": each}, 1.0, 0.1, Memory(1.0, 1.0), 100, 0)]


def test_the_limit_is_the_last_number_before_the_first_that_cannot_be_promised() -> None:
    runs = {("a", n): run(n, age, looks) for n, age, looks in ((2, 100, 1), (4, 999, 0.95), (8, 1001, 1))}
    assert limit(runs, "a") == 4
    runs["a", 2] = run(2, 100, 0.9)
    assert limit(runs, "a") == 0


def test_what_a_further_session_takes_is_told_of_those_below_the_limit_alone() -> None:
    runs = {("a", n): run(n, age, 1.0) for n, age in ((1, 100), (2, 120), (4, 160), (8, 5000))}
    for (_, number), [each] in runs.items():
        streams = dict.fromkeys(("face", "video", "audio"), each.streams["face"])
        runs["a", number] = [each._replace(streams=streams, cores=0.1 * number)]
    told = next(table for table in tables_of(runs, ["a"]) if table.title.startswith("a further session"))
    row = dict(zip(told.columns, told.rows[0], strict=True))
    assert (row["cores"], row["face_p95_ms"]) == ("0.1 (100%)", "20 (100%)")


async def test_a_daemon_that_does_not_start_is_noticed_with_what_it_said() -> None:
    with pytest.raises(NotReady, match=r"a process ended: .*ARGUSD_NONESUCH"):
        async with running_daemon(NONESUCH="1"):
            pass
