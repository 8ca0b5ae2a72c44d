"""What a soak makes of its samples."""

from collections import Counter

import pytest

from argusd.benchmarks.report.growth import growth
from argusd.benchmarks.soak import judged, name_of

SEEN = Counter({"event": 10, "erased: 200": 3, "task: as expected": 5})


def line(begin: float, end: float, count: int = 40) -> list[tuple[float, float]]:
    return [(float(n), begin + (end - begin) * n / (count - 1)) for n in range(count)]


def test_what_settles_at_first_is_no_growth() -> None:
    assert growth([*line(0, 100, 10), *[(10.0 + n, 100.0) for n in range(40)]]) == 0


def test_one_peak_is_no_growth() -> None:
    points = [(float(n), 500.0 if n == 38 else 100.0) for n in range(40)]
    assert growth(points) == 0


def test_a_leak_is_growth() -> None:
    assert growth(line(100, 140)) == pytest.approx(20.5, abs=1.0)  # two thirds of what settled: 30


def test_a_run_too_short_to_tell_says_so() -> None:
    with pytest.raises(ValueError, match="samples after settling"):
        growth(line(0, 1, 5))


@pytest.mark.parametrize(
    ("name", "end", "failures"),
    [
        ("memory/api", 110.0, []),
        ("memory/api", 200.0, ["memory/api is 51.28 MiB, more than <= 16"]),
        ("memory/scheduler 0", 200.0, ["memory/scheduler 0 is 51.28 MiB, more than <= 16"]),
        ("threads/api", 101.0, []),
        ("threads/api", 110.0, ["threads/api is 5.128 , more than <= 2"]),
        ("arena/free MiB", 110.0, []),  # judged when all have left
    ],
)
def test_what_grows_more_than_it_may_is_named(name: str, end: float, failures: list[str]) -> None:
    assert judged({name: line(100.0, end)}, SEEN, held=0.0, restarts=0).failures == failures


def test_a_failed_visit_a_restart_and_a_held_arena_are_named() -> None:
    seen = SEEN + Counter({"task: wrong: 500": 2, "failed: reader: OSError": 1})
    assert judged({}, seen, held=1 << 20, restarts=1).failures == [
        "went_wrong is 3 , more than 0",
        "restarts is 1 , more than 0",
        "arena_held is 1 MiB, more than 0",
    ]


def test_a_process_is_named_by_what_it_is() -> None:
    command = ["python", "-m", "argusd.daemon", "scheduler", "--tier", "bulk", "--supervised-by", "7"]
    assert name_of(command) == "scheduler bulk"
    assert name_of(["redis-server", "unixsocket"]) == ""
