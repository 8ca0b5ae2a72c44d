"""PyTorch behind the ``Engine`` protocol; on CUDA each size of batch is captured once, and replayed."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from ..core import Feeds, Result
from ..errors import DeviceUnavailable, InferenceFailed
from .batch_axes import BatchAxes, Shape, bucket
from .failures import failure
from .limits import THREADS
from .operators.registry import Tensor
from .operators.shapes import TYPES
from .torch_graph import TorchGraph

WARM_UPS = 2  # libraries choose their algorithms in them, and constants come to the device
# Shapes of all feeds, and the values of those on the host: what a captured graph is good for.
Form = tuple[tuple[Any, ...], ...]


class Prepared(NamedTuple):
    """What runs batches of one form: ``feeds`` to be filled, and what then gives the outputs."""

    feeds: Mapping[str, Tensor]
    run: Callable[[], list[Tensor]]


class TorchEngine:
    """One model's graph, loaded. Batches are filled up to the next power of two; one runs at a time.

    On CUDA convolutions and products are computed in TF32, 10 bits of mantissa.
    """

    def __init__(self, graph: bytes, name: str, device: str) -> None:
        """Load a graph; ``name`` is its file's.

        Raises:
            DeviceUnavailable: PyTorch cannot use the device.
            InferenceFailed: it is no graph, or has an operator that is not known here.
        """
        self._device = torch.device(device)
        self._cuda = self._device.type == "cuda"
        if self._cuda and not torch.cuda.is_available():
            raise DeviceUnavailable(f"{device} cannot be used by PyTorch")
        declared = _read(graph, name)
        self._inputs = {
            each.name: each.type.tensor_type
            for each in declared.input
            if each.name not in _constants(declared)
        }
        outputs = {each.name: _shape(each.type.tensor_type) for each in declared.output}
        self._axes = BatchAxes({each: _shape(kind) for each, kind in self._inputs.items()}, outputs)
        self._lock = threading.Lock()
        self._prepared: dict[Form, Prepared] = {}
        if self._cuda:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
            self._stream = torch.cuda.Stream(self._device)
            self._pool = torch.cuda.graph_pool_handle()
        else:
            torch.set_num_threads(THREADS)
        self._graph = TorchGraph(declared, self._device)

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Run a batch; all outputs, in the graph's order. Feeds may lie on the device (DLPack).

        Raises:
            OutOfMemory: a smaller batch may fit.
            DeviceLost: nothing will run in this process any more.
            InferenceFailed: any other refusal.
        """
        return self.run_then(feeds, self._on_host)

    def run_then(self, feeds: Feeds, then: Callable[[list[Any]], Result]) -> Result:
        """Run a batch, and have ``then`` use its outputs where they lie; nobody else runs one meanwhile.

        Raises as ``run`` does.
        """
        try:
            with self._lock, torch.inference_mode(), self._on_stream():
                # Here, so that this stream waits for what another library has launched to fill them.
                tensors = {name: _tensor(value) for name, value in feeds.items()}
                self._check(tensors)
                rows = self._axes.rows(tensors)
                prepared = self._prepared_for(tensors, bucket(rows))
                for name, place in prepared.feeds.items():
                    self._axes.part(name, place, rows).copy_(tensors[name], non_blocking=True)
                outputs = [each.contiguous() for each in self._axes.cut(prepared.run(), rows)]
                if self._cuda:
                    self._stream.synchronize()
                return then(outputs)
        except (RuntimeError, MemoryError, ValueError, IndexError, TypeError) as error:
            raise failure(str(error), "PyTorch") from error

    def _prepared_for(self, tensors: Mapping[str, Tensor], rows: int) -> Prepared:
        form = self._form(tensors, rows)
        if form not in self._prepared:
            self._prepared[form] = self._prepare(tensors, rows)
        return self._prepared[form]

    def _prepare(self, tensors: Mapping[str, Tensor], rows: int) -> Prepared:
        """Places for so many rows of such tensors; those without dimensions are part of the form."""
        feeds = {
            name: torch.zeros(
                self._axes.shape(name, tensor.shape, rows), dtype=tensor.dtype, device=self._device
            )
            for name, tensor in tensors.items()
            if tensor.dim()
        }
        every = {**{name: tensor.clone() for name, tensor in tensors.items()}, **feeds}
        return Prepared(feeds, self._captured(every) if self._cuda else partial(self._graph.run, every))

    def _captured(self, feeds: Mapping[str, Tensor]) -> Callable[[], list[Tensor]]:
        """What the graph does with these feeds, as one launch."""
        for _ in range(WARM_UPS):
            self._graph.run(feeds)
        self._stream.synchronize()
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured, self._pool, self._stream, capture_error_mode="thread_local"):
            outputs = self._graph.run(feeds)

        def replay() -> list[Tensor]:
            captured.replay()
            return outputs

        return replay

    def _form(self, tensors: Mapping[str, Tensor], rows: int) -> Form:
        return tuple(
            (name, *self._axes.shape(name, tensor.shape, rows), *([] if tensor.dim() else [tensor.item()]))
            for name, tensor in tensors.items()
        )

    def _on_stream(self) -> contextlib.AbstractContextManager[Any]:
        context: contextlib.AbstractContextManager[Any] = (
            torch.cuda.stream(self._stream) if self._cuda else contextlib.nullcontext()
        )
        return context

    def _on_host(self, outputs: list[Tensor]) -> list[NDArray[Any]]:
        """Copies that nobody overwrites."""
        copies = [torch.empty(output.shape, dtype=output.dtype, pin_memory=self._cuda) for output in outputs]
        for copy, output in zip(copies, outputs, strict=True):
            copy.copy_(output, non_blocking=True)
        if self._cuda:
            self._stream.synchronize()
        return [copy.numpy() for copy in copies]

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
