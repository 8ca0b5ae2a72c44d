"""Faults of a device, as ONNX Runtime shows them, in the schedulers of the daemon under test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

INJECTED = Path(__file__).with_name("injected")

EngineFault = Literal["hangs", "device_lost"]


class EngineFaults:
    """What ``injected/sitecustomize.py`` looks at in every inference."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """Of the daemon, so that its engines can be broken."""
        path = os.pathsep.join(filter(None, [str(INJECTED), os.environ.get("PYTHONPATH")]))
        return {"PYTHONPATH": path, "ENGINE_FAULTS": str(self._folder)}

    @contextmanager
    def broken(self, tier: str, fault: EngineFault) -> Iterator[None]:
        """Let the engines of a tier fail so for a while."""
        file = self._folder / f"{tier}.{fault}"
        file.touch()
        try:
            yield
        finally:
            file.unlink()
