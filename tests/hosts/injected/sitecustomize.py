"""Puts a scheduler that needs no models into the daemons of the hosts under test.

Python runs this first in every process that has this folder in its ``PYTHONPATH``.
"""

import sys
from pathlib import Path

if "scheduler" in sys.orig_argv:
    sys.path.append(str(Path(__file__).parents[3]))
    from tests.hosts import telling_scheduler

    sys.modules["argusd.scheduler.runtime.service"] = telling_scheduler
