"""No process of ours outlives the one that waits for it."""

import subprocess
import sys

CHILD = """
import signal
from argusd.scheduler.orphans import end_with_parent
end_with_parent()
print("there", flush=True)
signal.pause()
"""
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {CHILD!r}])
"""


def test_it_ends_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"there\n"
        parent.kill()
        assert parent.stdout.read() == b"", "both have let go of it"
