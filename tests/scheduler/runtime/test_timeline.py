"""The loop under load, in virtual time: what the cores did, and how old what was looked at had become."""

import asyncio
from collections import Counter
from statistics import median

import pytest

from argusd.scheduler.planning.curve import BatchCurve

from ..virtual_time import Look, Simulation, in_virtual_time

FACE = {"face_detector": 5.0, "face_mesh": 5.0}
CURVES = {
    "face_detector": BatchCurve([1, 2, 4], [0.006, 0.0115, 0.0230]),
    "face_mesh": BatchCurve([1, 2, 4], [0.005, 0.0095, 0.019]),
    "object_detector": BatchCurve([1, 2], [0.060, 0.122]),
    "vad": BatchCurve([1, 2, 4, 8, 16, 32], [0.0004, 0.0005, 0.0006, 0.0008, 0.0012, 0.002]),
}
CORES = 2
WANTED = FACE | {"object_detector": 1.0}
WARM_UP_S = 2.0


class Measured:
    """What was looked at in so many seconds, after a while."""

    def __init__(self, looks: list[Look], seconds: float, busy: float, scale: float) -> None:
        self._looks = looks
        self._seconds = seconds
        self.busy = busy
        self.scale = scale

    def ages(self, role: str) -> list[float]:
        return sorted(look.age_s for look in self._looks if look.role == role)

    def share(self, role: str, sessions: int) -> float:
        """Of the looks that are wanted."""
        return len(self.ages(role)) / (self._seconds * sessions * WANTED[role])

    def unevenness(self) -> float:
        """Of the most looked-at session beside the least."""
        counts = Counter(look.session for look in self._looks).values()
        return max(counts) / min(counts)


def run(sessions: int, seconds: float, *, microphones: int = 0, fps: float = 5.0) -> Measured:
    """Sessions of a face and of objects, whose cameras are spread over the frame interval."""
    results: list[Measured] = []

    async def simulate() -> None:
        simulation = Simulation(
            CURVES, {"face": FACE, "video": {"object_detector": 1.0}, "audio": {"vad": 31.25}}
        )
        for number in range(sessions):
            phase = number * 0.618 % 1
            simulation.camera(f"s{number}", "face", fps, phase / fps)
            simulation.camera(f"s{number}", "video", 1.0, (phase + 0.37) % 1)
        for number in range(microphones):
            simulation.microphone(f"s{number}", number * 0.618 % 1 * 0.032)
        await asyncio.sleep(WARM_UP_S)
        before, busy = len(simulation.looks.all), simulation.executor.busy_s
        await asyncio.sleep(seconds)
        results.append(
            Measured(
                simulation.looks.all[before:],
                seconds,
                (simulation.executor.busy_s - busy) / seconds / CORES,
                simulation.scheduler.rate.scale,
            )
        )
        simulation.close()

    in_virtual_time(simulate())
    return results[0]


def possible(sessions: int) -> float:
    """The share of the wanted looks that the curves say the cores can do."""
    return CORES / sum(sessions * rate * CURVES[role].item_cost for role, rate in WANTED.items())


def test_twice_the_load_keeps_all_cores_busy_and_lowers_everybody_alike() -> None:
    sessions = 32
    measured = run(sessions, seconds=8.0)
    assert measured.busy > 0.99
    assert measured.unevenness() <= 1.2
    for role in WANTED:
        assert measured.share(role, sessions) == pytest.approx(possible(sessions), rel=0.2)
    assert measured.ages("face_detector")[-1] < 0.5
    assert measured.scale == pytest.approx(possible(sessions), abs=0.1)


def test_short_looks_do_not_wait_for_long_ones() -> None:
    measured = run(12, seconds=4.0)
    assert measured.ages("face_detector")[-1] < CURVES["object_detector"].cost(1)
    assert measured.ages("face_mesh")[-1] < CURVES["object_detector"].cost(1)
    assert {measured.share(role, 12) for role in WANTED} == {1.0}
    assert measured.scale == pytest.approx(1.0, abs=0.01)


def test_a_voice_is_heard_at_once_while_there_is_room() -> None:
    ages = run(4, seconds=2.0, microphones=4).ages("vad")
    assert median(ages) <= CURVES["vad"].cost(2)
    assert ages[-1] < 0.02


def test_a_voice_waits_for_a_little_company_and_for_no_core_where_there_are_too_few() -> None:
    measured = run(24, seconds=4.0, microphones=24)
    ages = measured.ages("vad")
    assert median(ages) < 0.012
    assert ages[round(0.95 * len(ages))] < 0.022
    assert len(ages) == pytest.approx(24 * 4.0 / 0.032, rel=0.01), "every window is heard"


def test_a_rate_equal_to_the_cameras_means_every_frame() -> None:
    measured = run(3, seconds=4.0, fps=5.0)
    assert len(measured.ages("face_detector")) == 3 * 5 * 4
