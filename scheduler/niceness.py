"""Work that gives way to live work."""

import logging
import os

log = logging.getLogger(__name__)

NICENESS = 10


def yield_cores() -> None:
    """Let live work go first where cores are scarce; threads made from here on inherit it.

    A system call filter may refuse that: the process runs on, no nicer than it was.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) >= NICENESS:  # a service manager has done it
        return
    try:
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    except PermissionError:
        log.warning("this process may not lower its priority: its work competes with live work for cores")
