"""Processes that write frames and sound into arenas, as ingest workers do."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ..peers.camera import HEIGHT, WIDTH


def cameras(
    count: int, fps: float, size: tuple[int, int] = (WIDTH, HEIGHT), first: int = 0
) -> AbstractContextManager[Path]:
    """A process with so many cameras, those of the sessions from ``first`` on; the path of its socket."""
    return _process("camera", count, fps, *size, first)


def microphones(count: int, part_s: float, first: int = 0) -> AbstractContextManager[Path]:
    """A process with so many microphones, which publish that much at a time; the path of its socket."""
    return _process("microphone", count, part_s, first)


@contextmanager
def _process(module: str, *arguments: float) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "media.sock"
        process = subprocess.Popen(
            [sys.executable, "-m", f"argusd.benchmarks.peers.{module}", str(path), *map(str, arguments)]
        )
        try:
            while not path.exists():
                if process.poll() is not None:
                    raise RuntimeError(f"{module} ended before it had published anything; it said why above")
                time.sleep(0.01)
            yield path
        finally:
            process.kill()
            process.wait()
