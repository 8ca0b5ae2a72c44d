"""What is made of the turns with evidence and without."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from argusd.benchmarks.evidence import judged, turns
from argusd.benchmarks.evidence.turns import KEPT, NOTHING, SESSIONS, Turn


def turn(age_ms: float, kept: int = 0) -> Turn:
    return Turn([age_ms] * 40, looks=100.0, recorder_s=1.6, seconds=20.0, kept=kept)


def test_ages_are_beside_those_of_the_same_run_without_evidence() -> None:
    rounds = [
        (turn(100), turn(105, SESSIONS)),
        (turn(200), turn(210, SESSIONS)),
        (turn(100), turn(300, SESSIONS)),
    ]
    result = judged(rounds)
    assert result.metrics["age_p95_over_without"].value == pytest.approx(1.05)
    assert result.metrics["age_p95_over_without"].spread == pytest.approx((1.05, 3.0))
    assert result.metrics["recorder_cores"].value == pytest.approx(0.01)
    assert result.metrics["clips_after"].value == 20.0
    assert (result.metrics["kept"].value, result.failures) == (3 * SESSIONS, [])


def test_a_violation_that_was_not_kept_fails_the_run() -> None:
    assert judged([(turn(100), turn(90, SESSIONS - 1))]).failures == ["7 violations of 8 were kept"]


@pytest.mark.parametrize(("wanted", "recorder_s", "kept"), [(KEPT, 6.0, SESSIONS), (NOTHING, 2.0, 0)])
async def test_the_recorder_is_followed_to_the_end_of_the_last_clip(
    monkeypatch: pytest.MonkeyPatch, wanted: dict[str, bool], recorder_s: float, kept: int
) -> None:
    times, made = SimpleNamespace(user=10.0, system=1.0), 0

    async def nothing(*_: object, **__: object) -> None:
        pass

    async def served(_: object) -> dict[str, float]:
        return {"face": 1.0}

    async def observations(*_: object) -> dict[str, Any]:
        times.user += 2.0
        return {}

    async def evidence(_: object) -> int:
        return made

    async def at_rest(_: object, count: int) -> None:
        nonlocal made
        times.system += 4.0
        made = count

    for each in (served, observations, evidence, at_rest):
        monkeypatch.setattr(turns, each.__name__, each)
    monkeypatch.setattr(turns, "ask", nothing)
    monkeypatch.setattr(asyncio, "sleep", nothing)
    recorder: Any = SimpleNamespace(cpu_times=lambda: times)
    http: Any = None
    turn = await turns.turn("", http, recorder, wanted)
    assert (turn.recorder_s, turn.kept) == (recorder_s, kept)
