"""Ctrl-C while modules load: C code among them makes ImportErrors of Python's KeyboardInterrupt."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .exit_codes import INTERRUPTED


@contextmanager
def loading() -> Iterator[None]:
    """Have Ctrl-C end the process at once: nothing has begun that would have to come to its end.

    Where it is ignored already, as behind nohup(1), it stays so.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
