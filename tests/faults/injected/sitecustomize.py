"""Breaks ONNX Runtime in the schedulers of the daemon under test, where a test asks for it.

Python runs this first in every process that has this folder in its ``PYTHONPATH``. A file in the folder that
``ENGINE_FAULTS`` names asks for a fault of a tier: ``live.hangs`` (see ``engine_faults.py``).
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

TIER = "bulk" if "bulk" in sys.orig_argv else "live"


def install(folder: Path) -> None:
    import onnxruntime
    from onnxruntime.capi.onnxruntime_pybind11_state import Fail

    intact = onnxruntime.InferenceSession.run
    hangs, lost = (folder / f"{TIER}.{fault}" for fault in ("hangs", "device_lost"))

    def run(self: Any, outputs: Any, feeds: dict[str, Any], options: Any = None) -> Any:
        while hangs.exists():
            time.sleep(0.02)
        if lost.exists():
            raise Fail("CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=here")
        return intact(self, outputs, feeds, options)

    onnxruntime.InferenceSession.run = run


if "scheduler" in sys.orig_argv and "ENGINE_FAULTS" in os.environ:
    install(Path(os.environ["ENGINE_FAULTS"]))
