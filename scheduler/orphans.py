"""Ending with one's parent, whatever ends that: SIGKILL leaves it no time to tell (prctl(2))."""

import ctypes
import signal

PR_SET_PDEATHSIG = 1
# Loaded beforehand: between fork and exec nothing may be.
_libc = ctypes.CDLL(None, use_errno=True)


def end_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when the thread that started it ends.

    It may stand between fork and exec. A parent that has ended already goes unnoticed.
    """
    _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
