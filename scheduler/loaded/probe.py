"""Measures a model's batch curve at start, and remembers it, so that a restart is quick."""

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ..contract.wording.undecodable import UNDECODABLE
from ..engines.limits import IN_FLIGHT
from ..errors import InferenceFailed, OutOfMemory
from ..planning.curve import BatchCurve, first_curve

log = logging.getLogger(__name__)

LARGEST_BATCH = 256
REPEATS = 3
WORTH_GOING_ON = 0.9  # of the best throughput so far
PATIENCE = 2  # sizes in a row that are no better than a smaller one

Rehearsal = Callable[[int], Callable[[], object]]


def measure_curve(rehearsal: Rehearsal, clock: Callable[[], float], longest_s: float) -> BatchCurve:
    """Time batches of 1, 2, 4, … until larger ones stop paying or take longer than ``longest_s``.

    ``rehearsal`` makes a batch of a size, and gives what prepares, runs and decodes it. One that the device
    has no memory for ends the curve. The first batch must succeed: it raises what the model raises.
    """
    sizes: list[int] = []
    seconds: list[float] = []
    size, best, worse = 1, 0.0, 0
    while size <= LARGEST_BATCH and worse < PATIENCE:
        try:
            taken = _time(rehearsal(size), clock)
        except InferenceFailed:
            if not sizes:
                raise
            break
        if sizes and taken > longest_s:
            break
        sizes.append(size)
        seconds.append(taken)
        if size / taken < WORTH_GOING_ON * best:
            break
        worse = worse + 1 if size / taken <= best else 0
        best = max(best, size / taken)
        size *= 2
    return first_curve(sizes, seconds)


def rehearse(rehearsal: Rehearsal, sizes: Sequence[int]) -> None:
    """Prepare a device for batches of these sizes: run each as often as there may be in flight.

    Those that it has no memory for are left out. The first must succeed: it raises what the model raises.
    """
    for size in sizes:
        batch = rehearsal(size)
        try:
            for _ in range(IN_FLIGHT):
                batch()
        except OutOfMemory:
            if size == sizes[0]:
                raise
            return


def _time(batch: Callable[[], object], clock: Callable[[], float]) -> float:
    taken = []
    for _ in range(REPEATS):
        started = clock()
        batch()
        taken.append(clock() - started)
    return min(taken)  # the first warms up, and whatever else runs on the machine can only add


class CurveCache:
    """Curves in a folder, one file for each model file and setting (``engines.setting``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, sha256: str, *setting: str) -> Path:
        """Where the curve of the model file with this hash in this setting is kept."""
        digest = hashlib.sha256("\n".join([sha256, *setting]).encode())
        return self._folder / f"{digest.hexdigest()}.json"

    def load(self, path: Path) -> BatchCurve | None:
        """The curve kept there, or None if there is none that can be read."""
        try:
            return msgspec.json.decode(path.read_bytes(), type=BatchCurve)
        except FileNotFoundError:
            return None
        except (*UNDECODABLE, OSError):
            log.warning("a batch curve that cannot be read is measured again: %s", path)
            return None

    def save(self, path: Path, curve: BatchCurve) -> None:
        """Keep a curve; readers see the old one or the new one, never half of it.

        Where it cannot be kept, as on a full disk, it is measured again at the next start.
        """
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(msgspec.json.encode(curve))
            draft.replace(path)
        except OSError as error:
            log.warning("the batch curve %s cannot be kept: %s", path, error.strerror)
            with contextlib.suppress(OSError):
                draft.unlink()
