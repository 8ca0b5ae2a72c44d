"""Clips in virtual time, through the scheduler and its models."""

import pytest

from argusd.benchmarks.accuracy.clip_verdicts import judge
from argusd.benchmarks.accuracy.labels import Item, Span, Spans
from argusd.benchmarks.accuracy.replays import replay
from argusd.benchmarks.rigs.virtual import daemon_models

from ...media import OURS

EARLY = OURS / "valset" / "derived" / "vrt_2x4_small_early400.mp4"


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.skipif(not EARLY.exists(), reason="this recording is not at hand")
async def test_sound_that_comes_early_is_found_and_counted() -> None:
    """It takes as much kept sound as the daemon has: a comparison hears six seconds of it."""
    played = replay(daemon_models(), EARLY)
    (found,) = played.found["lip_sync"]
    assert found.data["offset_ms"] == pytest.approx(-400, abs=60)
    item = Item(file="a", path=EARLY, kind="video", segments={"lip_sync": Spans((Span(0.0, None),))})
    told = [each.told for each in judge(item, played.found, played.seconds, "replay") if each.there]
    assert told == [True]
