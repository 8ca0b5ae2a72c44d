"""Work that gives way to live work."""

import logging
import os

log = logging.getLogger(__name__)

SLOW_TASKS = 10
EVIDENCE = 5  # of a full core it gets a quarter of what live work gets: a picture is taken before it is gone
CLIPS = 15  # what a clip shows is in hand, and may be encoded when there is time


def yield_cores(niceness: int) -> None:
    """Let live work go first where cores are scarce: this thread, and those that it makes from here on.

    A system call filter may refuse that: the process runs on, no nicer than it was.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) >= niceness:  # a service manager has done it
        return
    try:
        os.setpriority(os.PRIO_PROCESS, 0, niceness)
    except PermissionError:
        log.warning("this process may not lower its priority: its work competes with live work for cores")
