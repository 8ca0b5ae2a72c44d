"""A thread cannot be cancelled: what takes long in one asks whether somebody still waits for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def giving_up() -> Iterator[Callable[[], bool]]:
    """Tells other threads whether this context was left; a task leaves it at its end, whatever that is."""
    left = threading.Event()
    try:
        yield left.is_set
    finally:
        left.set()
