"""Import torchvision where its compiled half does not fit the installed PyTorch.

torchvision's wheels are compiled against CUDA builds of PyTorch; beside a CPU build their library cannot be
loaded, the operators it would bring are missing, and ``import torchvision`` ends with ``operator
torchvision::nms does not exist``. What EasyOCR and the reference libraries of the tests use of it is plain
Python, but for ``nms``, which is registered here. A pair that fits is left alone.
"""

import sys
from functools import cache
from typing import Any

import numpy as np

from argusd.kernels.pictures.nms import suppress

MISSING = "torchvision::nms"


@cache
def ensure_torchvision() -> None:
    """Make ``import torchvision`` work in this process. Takes a second the first time.

    Raises:
        ImportError: torchvision or PyTorch is not installed.
        RuntimeError: torchvision fails for another reason.
    """
    try:
        import torchvision  # noqa: F401 - seconds and hundreds of megabytes, only where it is wanted
    except RuntimeError as error:
        if MISSING not in str(error):
            raise
        _register_operators()


def _register_operators() -> None:
    import torch

    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    # Lasts as long as the process: what a torch Library registers goes with it.
    library = _registered()
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", lambda *arguments: torch.from_numpy(_nms(*arguments)), "CPU")
    import torchvision.extension

    torchvision.extension._has_ops = lambda: True


@cache
def _registered() -> Any:
    import torch

    return torch.library.Library("torchvision", "FRAGMENT")


def _nms(boxes: Any, scores: Any, overlap: float) -> Any:
    """Tensors f32 ``[N, 4]`` and ``[N]`` → indices i64 of the kept boxes, best first."""
    order = np.argsort(-scores.numpy(), kind="stable")
    # torchvision drops what overlaps more than the threshold, suppress() what reaches it.
    above = float(np.nextafter(overlap, np.inf))
    kept = suppress(boxes.double().numpy()[order], np.zeros(len(order), np.intp), above)
    return order[kept].astype(np.int64)
