"""What is made of rounds of a scheduler and of a loop that batches perfectly."""

import pytest

from argusd.benchmarks.voice import SIZES, Round, judged

LOOP = [dict.fromkeys(SIZES, 60.0) | {128: 40.0}, dict.fromkeys(SIZES, 60.0) | {128: 50.0}]
OURS = [Round(60.0, 45.0, 1.0, 100.0, [0.01, 0.02]), Round(65.0, 47.0, 0.99, 120.0, [0.03, 0.04])]


def test_rounds_are_compared_with_the_loop_of_the_best_size() -> None:
    metrics = judged(LOOP, OURS, 31.25, 4.0).metrics
    assert metrics["over_loop"].value == pytest.approx((60 / 40 + 65 / 50) / 2)
    assert "batches of 128," in metrics["over_loop"].meaning
    assert metrics["window_us"].baseline == pytest.approx(45.0)
    assert metrics["scheduler_us"].value == pytest.approx(62.5 - 46.0)
    assert metrics["age_p95_ms"].value == pytest.approx(40.0)
