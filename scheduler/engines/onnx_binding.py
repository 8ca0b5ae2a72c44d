"""ONNX Runtime fed from a device's memory, and leaving its outputs there (its I/O binding).

::

    feeds ─ copied, unless they lie there ─▶ waited for ─▶ bound by address ─▶ run ─▶ outputs, left there
                                                           └ one batch at a time ─┘

The library has a stream of its own for each session, so what another one has launched to fill the feeds is
waited for first. A run ends when its outputs are there, and each has its own: what becomes of them is not
waited for by the next batch.
"""

import threading
from collections.abc import Callable
from typing import Any

import onnxruntime
from numpy.typing import NDArray

from argusd.kernels.cuda.device import Device, Tensor

from ..contract.names import cuda_index
from ..core import Feeds, Result
from .failures import failure
from .onnx_runtime import RUN_ERRORS, OnnxEngine

# With its bindings the library raises no other than RuntimeError; ``then`` raises what CuPy does.
BOUND_ERRORS = (*RUN_ERRORS, RuntimeError, MemoryError)


class BoundOnnxEngine(OnnxEngine):
    """One model's graph, loaded, whose feeds and outputs lie in ``memory``, that of its device."""

    def __init__(self, graph: bytes, name: str, device: str, memory: Device) -> None:
        """As ``OnnxEngine``; on ``cpu`` the memory is a stand-in's, which is the host's."""
        super().__init__(graph, name, device)
        self._memory = memory
        self._place = device.partition(":")[0], cuda_index(device) or 0
        self._alone = threading.Lock()

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Run a batch; copies of all outputs in the host's memory. Raises as ``OnnxEngine.run`` does."""
        return self.run_then(feeds, lambda outputs: [self._memory.host(output) for output in outputs])

    def run_then(self, feeds: Feeds, then: Callable[[list[Any]], Result]) -> Result:
        """Run a batch, and have ``then`` use its outputs where they lie.

        Raises as ``run`` does.
        """
        try:
            padded, rows = self._filled_up(feeds)
            tensors = {name: self._placed(value) for name, value in padded.items()}
            self._memory.wait()
            with self._alone:
                outputs = self._run_bound(tensors)
            return then(self._axes.cut([self._memory.array(output) for output in outputs], rows))
        except BOUND_ERRORS as error:
            raise failure(str(error)) from error

    def _placed(self, value: Any) -> Tensor:
        """In the device's memory, element after element: an address says nothing of strides."""
        tensor = self._memory.array(value)
        return tensor if tensor.flags.c_contiguous else tensor.copy()

    def _run_bound(self, tensors: dict[str, Tensor]) -> list[onnxruntime.OrtValue]:
        binding = self._session.io_binding()
        for name, tensor in tensors.items():
            address = self._memory.address(tensor)
            binding.bind_input(name, *self._place, tensor.dtype, tensor.shape, address)
        for name in self._axes.outputs:
            binding.bind_output(name, *self._place)
        binding.synchronize_inputs()
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        outputs: list[onnxruntime.OrtValue] = binding.get_outputs()
        return outputs
