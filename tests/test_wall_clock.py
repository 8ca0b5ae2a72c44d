"""A wall clock of a test's own leaves nothing behind, also where its processes are killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

from .wall_clock import SHARED_MEMORY, wall_clock

HOUR_S = 3600
TELLS_AND_STAYS = "import time; print(time.time(), flush=True); time.sleep(600)"


def test_what_processes_have_of_it_in_common_is_removed_after_they_were_killed(tmp_path: Path) -> None:
    with wall_clock(tmp_path) as clock:
        clock.leap(HOUR_S)
        environment = os.environ | clock.environment
        command = [sys.executable, "-c", TELLS_AND_STAYS]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = float(process.stdout.readline())
            process.kill()
    assert HOUR_S / 2 < told - time.time() < HOUR_S * 2
    marks = (clock.shared, f"_{process.pid}")
    assert [name for name in os.listdir(SHARED_MEMORY) if name.endswith(marks)] == []
