"""A newcomer's first start, before any model was pulled."""

import json
import urllib.request
from pathlib import Path

import pytest

from ...live_daemon import started
from ...waiting import LONGEST_S

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_without_models_one_line_says_how_to_get_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file, started(tmp_path, file, CACHE_DIR=str(tmp_path / "cache")) as daemon:
        with urllib.request.urlopen(f"{daemon.url}/health") as answer:
            workers = json.load(answer)["workers"]
        daemon.process.terminate()
        assert daemon.process.wait(LONGEST_S) == 0
    lines = log.read_text().splitlines()
    (told,) = [line for line in lines if "argusd models pull" in line]
    assert "no model is here for face_detector, " in told
    assert not [line for line in lines if "Traceback" in line or "Non-commercial" in line]
    assert [line for line in lines if " WARNING " in line] == [told]
    assert {worker["kind"] for worker in workers} == {"ingest", "live", "bulk"}
