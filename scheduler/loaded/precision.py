"""Whether a model runs in half precision: where it is told to, and tells the same.

Made-up pictures are run by the engine in half precision and by ONNX Runtime on the CPU in full, and each
output is to be within what the model tolerates. Else the model stays in full precision, and says why.
"""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.kernels.cuda.device import Device

from ..config import Precision
from ..core import Engine, whole_frame
from ..engines.targets import CPU, Target
from ..errors import DeviceLost, InferenceFailed
from ..media.pictures import StillFrame
from ..models.drift import Drift, Halvable
from ..models.registry import BatchedModel
from ..zoo.store import StoredFile

log = logging.getLogger(__name__)

CELLS = (4, 12, 36, 108)  # of soft noise, along a side: from large shapes to fine grain
SIDE = 480
FULL, HALF = "f32", "f16"


class Choice(NamedTuple):
    """An engine in some precision: ``f16``, ``f32``, or that with the reason why not the other one."""

    engine: Engine
    precision: str


def chosen(
    model: BatchedModel, file: StoredFile, target: Target, wanted: Precision, memory: Device | None
) -> Choice:
    """The model's engine, in half precision where that is wanted, possible, and puts nothing off.

    Raises:
        InferenceFailed, DeviceUnavailable: as ``Target.load`` does.
    """
    if wanted == FULL or not target.halves or not isinstance(model, Halvable):
        return Choice(target.load(file.content, file.name, memory), FULL)
    halved = target._replace(half=True)
    try:
        half = halved.load(file.content, file.name, memory)
        drifts = measured(model, half, CPU.load(file.content, file.name))
    except DeviceLost:
        raise
    except InferenceFailed as error:
        said, kept = f"it does not run in {HALF}: {error}", False
    else:
        said, kept = ", ".join(map(str, drifts)), all(drift.tolerable for drift in drifts)
    if kept:
        log.info("%s runs in %s: %s", model.name, HALF, said)
        return Choice(half, HALF)
    log.warning("%s stays in %s: in %s %s", model.name, FULL, HALF, said)
    return Choice(target.load(file.content, file.name, memory), f"{FULL} ({HALF}: {said})")


def measured(model: Halvable, half: Engine, full: Engine) -> Sequence[Drift]:
    """How far made-up pictures put the model's outputs off."""
    frames = [StillFrame(soft_noise(cells)) for cells in CELLS]
    feeds = model.prepare(frames, [whole_frame(frame.info) for frame in frames])
    return model.drifts(half.run(feeds), full.run(feeds))


def soft_noise(cells: int) -> NDArray[np.uint8]:
    """Colours BGR ``[SIDE, SIDE, 3]`` that differ from cell to cell, and go over into each other."""
    colours = np.random.default_rng(cells).integers(0, 256, (cells, cells, 3), np.uint8)
    return np.asarray(cv2.resize(colours, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)
