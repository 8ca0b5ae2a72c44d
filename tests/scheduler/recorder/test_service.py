"""The recorder's process."""

import subprocess
import sys

HEAVY = {"aiohttp", "av", "cv2", "numpy", "redis"}


def test_a_daemon_that_is_asked_for_no_evidence_loads_no_codec_for_it() -> None:
    code = (
        "import argusd.daemon.commands.processes, argusd.scheduler.recorder.service, sys; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) & HEAVY == set()
