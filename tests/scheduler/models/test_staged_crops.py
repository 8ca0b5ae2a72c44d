"""What models make of crops that lie on a device: nothing that the host's memory alone is good for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.lib.mixins import NDArrayOperatorsMixin

from argusd.kernels.cuda.structs import PIXELS
from argusd.kernels.pictures.picture import Span, Square
from argusd.scheduler.core import AudioModel, AudioVisualModel, Roi
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.models import pixels
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.models.pixels import StagedFrame
from argusd.scheduler.models.registry import Graph

from ...kernels.cuda.host_device import HostDevice

SEEING = [
    name
    for name, entry in MODELS.items()
    if isinstance(entry, Graph) and not isinstance(entry.make(name), AudioModel | AudioVisualModel)
]
ROIS = [Roi(40.0, 30.0, 60.0), Roi(50.0, 40.0, 30.0, 0.3)]


class There(NDArrayOperatorsMixin):
    """As CuPy's arrays: NumPy's functions work on them, and nobody else's."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)
        self.shape, self.dtype, self.ndim = self.values.shape, self.values.dtype, self.values.ndim

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __array_function__(self, function: Any, _: Any, given: Any, named: Any) -> Any:
        return There(function(*unpacked(given), **named))

    def __array_ufunc__(self, function: Any, method: str, *given: Any, **named: Any) -> Any:
        out = [each.values for each in named.pop("out", ())]
        there = There(getattr(function, method)(*unpacked(given), **named))
        for place in out:
            place[...] = there.values
        return there

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, places: Any) -> "There":
        return There(self.values[places])

    def __setitem__(self, places: Any, value: Any) -> None:
        self.values[places] = unpacked(value)

    def reshape(self, *shape: Any) -> "There":
        return There(self.values.reshape(*shape))


def unpacked(given: Any) -> Any:
    if isinstance(given, There):
        return given.values
    return type(given)(map(unpacked, given)) if isinstance(given, list | tuple) else given


@pytest.mark.parametrize("name", SEEING)
def test_a_model_takes_crops_from_the_device(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(device: Any, _: Any, squares: Sequence[Square], size: int, span: Span, outside: int = 0) -> There:
        host = pixels.crop_on_host(
            [still] * len(squares), [Roi(*each) for each in squares], size, span, outside
        )
        return There(host)

    monkeypatch.setattr(pixels, "crop_pixels", cut)
    entry = MODELS[name]
    assert isinstance(entry, Graph)
    model: Any = entry.make(name)
    still = StillFrame(np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8))
    device = object.__new__(HostDevice)
    staged = [StagedFrame(still, device, np.zeros(1, PIXELS), None) for _ in ROIS]
    wanted = model.prepare([still] * len(ROIS), ROIS)
    for each, value in model.prepare(staged, ROIS).items():
        np.testing.assert_array_equal(unpacked(value), wanted[each])
