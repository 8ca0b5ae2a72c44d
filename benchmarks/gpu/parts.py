"""The parts of the check, each of which is tried in a process of its own (``child``).

A part gives what it finds bit by bit, and each bit is kept at once: what one that fails, or takes too long,
had found before is in the result. A GPU that a part has brought down is given up with its process.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..harness import Metric, Table
from .rig import Rig

LAST_WORDS = 300  # characters of an error


class Found(msgspec.Struct):
    """What a part found, or some of it; see ``harness.Result``. ``took_s``: how long the whole part was."""

    served: int = 0
    metrics: dict[str, Metric] = {}
    tables: list[Table] = []
    notes: list[str] = []
    failures: list[str] = []
    took_s: float = 0.0

    def add(self, more: "Found") -> None:
        """This as well; rows of a table of the same title come under the ones before."""
        self.served += more.served
        self.metrics |= more.metrics
        self.notes += more.notes
        self.failures += more.failures
        for table in more.tables:
            rows = next((own.rows for own in self.tables if own.title == table.title), None)
            if rows is None:
                self.tables.append(table)
            else:
                rows += table.rows


class Part(NamedTuple):
    """``module`` has ``run(rig)``, which imports ``needs``; ``most_s``: seconds that it may take."""

    module: str
    about: str
    needs: tuple[str, ...]
    most_s: float


KERNELS = ("msgspec", "numpy", "cv2")
GRAPHS = (*KERNELS, "tqdm", "onnx", "torch")
PARTS = {
    "crop": Part("pixels", "crops beside float64", KERNELS, 90),
    "decode": Part("boxes", "decodes beside the models' own", (*KERNELS, "tqdm"), 60),
    "inward": Part("inward", "ways into the device", KERNELS, 60),
    "engine": Part("graphs", "the torch engine beside the CPU", GRAPHS, 120),
    "precision": Part("halves", "half precision beside full", (*GRAPHS, "onnxruntime"), 60),
    "batches": Part("batches", "what batches take", (*GRAPHS, "onnxruntime"), 150),
    "sessions": Part("sessions", "sessions held", (*GRAPHS, "onnxruntime", "uvloop"), 150),
}
"""In this order; their times are more than there is, and the last ones get what the first ones leave."""


def missing(part: Part) -> list[str]:
    """Libraries that it needs and that are not installed."""
    return [name for name in part.needs if importlib.util.find_spec(name) is None]


def try_out(run: Callable[[Rig], Iterator[Found]], rig: Rig, keep: Callable[[Found], None]) -> Found:
    """What a part finds, its own failure among it; ``keep`` is called with it whenever there is more."""
    found = Found()
    try:
        for more in run(rig):
            found.add(more)
            keep(found)
    except Exception as error:  # whatever it is, the other parts go on
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__} in {where.name}, line {where.lineno}: {error}"
        found.failures.append(said.replace("\n", " ")[:LAST_WORDS])
        keep(found)
    return found


def in_a_process(name: str, models: Path, quick: bool, most_s: float) -> Found:
    """What a part finds within so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "found.json"
        words = [name, str(models), str(kept), *(["quick"] if quick else [])]
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.child", *words], start_new_session=True
        )
        try:
            ended = child.wait(most_s)
        except subprocess.TimeoutExpired:
            ended = None
        finally:
            _end(child)
        found = msgspec.json.decode(kept.read_bytes(), type=Found) if kept.exists() else Found()
    if ended is None:
        found.failures.append(f"it took longer than {most_s:.0f} s")
    elif ended:
        found.failures.append(f"its process ended with status {ended}")
    return found


def _end(child: "subprocess.Popen[bytes]") -> None:
    """The child and the processes it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    child.wait()
