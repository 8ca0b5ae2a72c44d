"""PyTorch behind the ``Engine`` protocol; on CUDA each size of batch is captured once, and replayed."""

import queue
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from ..core import Feeds, Result
from ..errors import DeviceUnavailable, InferenceFailed
from .batch_axes import BatchAxes, Shape, bucket
from .failures import failure
from .limits import IN_FLIGHT, THREADS
from .operators.registry import Tensor
from .operators.shapes import TYPES
from .torch_context import TorchContext
from .torch_graph import TorchGraph


class TorchEngine:
    """One model's graph, loaded. Batches are filled up to the next power of two.

    ``IN_FLIGHT`` of them may be at work at a time, each in a context of its own; a further one waits.
    On CUDA convolutions and products are computed in TF32, 10 bits of mantissa.
    """

    def __init__(self, graph: bytes, name: str, device: str, *, half: bool = False) -> None:
        """Load a graph; ``name`` is its file's. ``half``: see ``TorchContext``.

        Raises:
            DeviceUnavailable: PyTorch cannot use the device.
            InferenceFailed: it is no graph, or has an operator that is not known here.
        """
        on = torch.device(device)
        cuda = on.type == "cuda"
        if cuda and not torch.cuda.is_available():
            raise DeviceUnavailable(f"{device} cannot be used by PyTorch")
        declared = _read(graph, name)
        self._inputs = {
            each.name: each.type.tensor_type
            for each in declared.input
            if each.name not in _constants(declared)
        }
        outputs = {each.name: _shape(each.type.tensor_type) for each in declared.output}
        self._axes = BatchAxes({each: _shape(kind) for each, kind in self._inputs.items()}, outputs)
        if cuda:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        else:
            torch.set_num_threads(THREADS)
        self._graph = TorchGraph(declared, on)
        # By turns, so that what is run a few times at the start prepares all of them.
        self._free: queue.SimpleQueue[TorchContext] = queue.SimpleQueue()
        for _ in range(IN_FLIGHT):
            self._free.put(TorchContext(self._graph, self._axes, on, half=half))

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Run a batch; all outputs, in the graph's order. Feeds may lie on the device (DLPack).

        Raises:
            OutOfMemory: a smaller batch may fit.
            DeviceLost: nothing will run in this process any more.
            InferenceFailed: any other refusal.
        """
        with self._at_work() as context:
            return context.on_host(self._outputs(context, feeds))

    def run_then(self, feeds: Feeds, then: Callable[[list[Any]], Result]) -> Result:
        """Run a batch, and have ``then`` use its outputs where they lie.

        Raises as ``run`` does.
        """
        with self._at_work() as context:
            return then(self._outputs(context, feeds))

    @contextmanager
    def _at_work(self) -> Iterator[TorchContext]:
        """A context that no other batch is in, once there is one."""
        context = self._free.get()
        try:
            with torch.inference_mode(), context.current():
                yield context
        except (RuntimeError, MemoryError, ValueError, IndexError, TypeError) as error:
            raise failure(str(error), "PyTorch") from error
        finally:
            self._free.put(context)

    def _outputs(self, context: TorchContext, feeds: Feeds) -> list[Tensor]:
        # Within the context, so that its stream waits for what another library has launched to fill them.
        tensors = {name: _tensor(value) for name, value in feeds.items()}
        self._check(tensors)
        return context.run(tensors, bucket(self._axes.rows(tensors)))

    def _check(self, tensors: Mapping[str, Tensor]) -> None:
        """Whether they are what the graph declares: it would compute with other types and lengths, too."""
        if tensors.keys() != self._inputs.keys():
            raise InferenceFailed(f"the graph takes {sorted(self._inputs)}, not {sorted(tensors)}")
        for name, kind in self._inputs.items():
            tensor, shape = tensors[name], _shape(kind)
            alike = len(shape) == tensor.dim() and all(
                found == length or not isinstance(length, int)
                for found, length in zip(tensor.shape, shape, strict=True)
            )
            if not alike or tensor.dtype != TYPES[kind.elem_type]:
                raise InferenceFailed(
                    f"{name} is not what the graph takes: {tensor.dtype} {tuple(tensor.shape)}"
                )


def _tensor(value: Any) -> Tensor:
    """Without a copy, wherever it lies."""
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else torch.from_dlpack(value)


def _read(graph: bytes, name: str) -> onnx.GraphProto:
    try:
        model = onnx.load_model_from_string(graph)
    except DecodeError as error:
        raise _unreadable(name) from error
    if not model.graph.node:
        raise _unreadable(name)
    return model.graph


def _unreadable(name: str) -> InferenceFailed:
    return InferenceFailed(f"PyTorch cannot load {name}; `argusd models verify` tells whether it is intact")


def _constants(graph: onnx.GraphProto) -> set[str]:
    return {tensor.name for tensor in graph.initializer}


def _shape(kind: onnx.TypeProto.Tensor) -> Shape:
    return [each.dim_value if each.HasField("dim_value") else each.dim_param for each in kind.shape.dim]
