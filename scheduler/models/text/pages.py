"""How pages share the cores: a lone one has them all, several have a part each.

PyTorch's threads wait for each other at every layer. Two pages with all cores each therefore wait for the
slowest of twice as many threads, and one page after the other leaves cores idle between its layers: a
burst is read soonest where each page has cores of its own.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Of what PyTorch says to EasyOCR's authors.
HUSHED = ".*(pin_memory|quantization)"


class Pages:
    """At most ``most`` pages at work, on ``cores``; further ones wait."""

    def __init__(self, cores: int, most: int) -> None:
        self._cores = cores
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._at_work = 0
        self._quiet = warnings.catch_warnings()

    @property
    def threads(self) -> int:
        """How many threads a page at work is to use from now on."""
        return max(1, self._cores // max(1, self._at_work))

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place for a page. Filters of warnings are the process's: they last while any is read."""
        with self._places:
            with self._lock:
                if not self._at_work:
                    self._quiet = warnings.catch_warnings()
                    self._quiet.__enter__()
                    warnings.filterwarnings("ignore", message=HUSHED)
                self._at_work += 1
            try:
                yield
            finally:
                with self._lock:
                    self._at_work -= 1
                    if not self._at_work:
                        self._quiet.__exit__(None, None, None)
