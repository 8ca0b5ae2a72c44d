"""Models whose outputs are decoded where their engine leaves them, in a device's memory.

What comes back to the host is a kilobyte a row, not megabytes.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from argusd.kernels.cuda.decode import Found
from argusd.kernels.cuda.device import Device, Tensor

from ..core import Roi, VisionModel


@runtime_checkable
class FindsOnDevice(VisionModel, Protocol):
    """A detector that has a kernel for its decode."""

    def found_on(self, device: Device, tensors: Sequence[Tensor]) -> Found:
        """The boxes of each row, from its engine's outputs on the device."""

    def outputs_of(self, found: Found, rois: Sequence[Roi]) -> list[Any]:
        """As ``decode`` gives them."""


def decode_on(
    model: FindsOnDevice, device: Device, tensors: Sequence[Tensor], rois: Sequence[Roi]
) -> list[Any]:
    """What ``decode`` would give; a row with more than the device has room for is decoded on the host."""
    found = model.found_on(device, tensors)
    outputs = model.outputs_of(found, rois)
    for row in found.too_many.tolist():
        own = [device.host(tensor[row : row + 1]) for tensor in tensors]
        [outputs[row]] = model.decode(own, [rois[row]])
    return outputs
