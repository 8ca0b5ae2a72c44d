"""A session's state over time."""

from pathlib import Path

import pytest

from argusd.ingest.config import IngestConfig
from argusd.ingest.liveness import Standing, standing

SECOND = 1_000_000_000
CONFIG = IngestConfig(runtime_dir=Path("run"), stale_s=2, closed_s=10, connect_s=15)


@pytest.mark.parametrize(
    ("last_media_s", "now_s", "expected"),
    [
        (0, 14.9, Standing("connecting")),
        (0, 15, Standing("closed", "never_connected")),
        (20, 20.5, Standing("live")),
        (20, 22, Standing("stale")),
        (20, 29.9, Standing("stale")),
        (20, 30, Standing("closed", "silent")),
    ],
)
def test_silence_decides(last_media_s: float, now_s: float, expected: Standing) -> None:
    opened = 100 * SECOND
    last = int((100 + last_media_s) * SECOND) if last_media_s else 0
    assert standing(CONFIG, opened, last, int((100 + now_s) * SECOND)) == expected
