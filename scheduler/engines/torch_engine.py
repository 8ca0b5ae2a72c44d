"""PyTorch behind the ``Engine`` protocol; on CUDA each size of batch is captured once, and replayed."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import onnx
import torch
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from ..core import Feeds
from ..errors import DeviceUnavailable, InferenceFailed
from .batch_axes import BatchAxes, Shape, bucket
from .failures import failure
from .onnx_runtime import THREADS
from .operators.registry import Tensor
from .operators.shapes import TYPES
from .torch_graph import TorchGraph

WARM_UPS = 2  # libraries choose their algorithms in them, and constants come to the device
# Shapes of all feeds, and the values of those on the host: what a captured graph is good for.
Form = tuple[tuple[Any, ...], ...]


class Prepared(NamedTuple):
    """A captured graph, for batches of one form: tensors to fill, and those that then hold the outputs."""

    feeds: Mapping[str, Tensor]
    outputs: list[Tensor]
    replay: Callable[[], None]


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
        """Run a batch; all outputs, in the graph's order.

        Raises:
            OutOfMemory: a smaller batch may fit.
            DeviceLost: nothing will run in this process any more.
            InferenceFailed: any other refusal.
        """
        self._check(feeds)
        rows = self._axes.rows(feeds)
        padded = {
            name: torch.from_numpy(value) for name, value in self._axes.padded(feeds, bucket(rows)).items()
        }
        try:
            with self._lock, torch.inference_mode(), self._on_stream():
                outputs = self._run(padded)
                return [output.numpy() for output in self._on_host(self._axes.cut(outputs, rows))]
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise failure(str(error), "PyTorch") from error

    def _run(self, feeds: Mapping[str, Tensor]) -> list[Tensor]:
        if not self._cuda:
            return self._graph.run(feeds)
        form = _form(feeds)
        prepared = self._prepared.get(form)
        if prepared is None:
            prepared = self._prepared[form] = self._capture(feeds)
        for name, tensor in prepared.feeds.items():
            tensor.copy_(feeds[name], non_blocking=True)
        prepared.replay()
        return prepared.outputs

    def _capture(self, feeds: Mapping[str, Tensor]) -> Prepared:
        """What the graph does with feeds of this form, as one launch."""
        placed = {name: tensor.to(self._device) if tensor.dim() else tensor for name, tensor in feeds.items()}
        for _ in range(WARM_UPS):
            self._graph.run(placed)
        self._stream.synchronize()
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured, self._pool, self._stream, capture_error_mode="thread_local"):
            outputs = self._graph.run(placed)
        filled = {name: tensor for name, tensor in placed.items() if tensor.dim()}
        return Prepared(filled, outputs, captured.replay)

    def _on_stream(self) -> contextlib.AbstractContextManager[Any]:
        context: contextlib.AbstractContextManager[Any] = (
            torch.cuda.stream(self._stream) if self._cuda else contextlib.nullcontext()
        )
        return context

    def _on_host(self, outputs: list[Tensor]) -> list[Tensor]:
        """Copies that nobody overwrites."""
        if not self._cuda:
            return [output.contiguous() for output in outputs]
        copies = [torch.empty(output.shape, dtype=output.dtype, pin_memory=True) for output in outputs]
        for copy, output in zip(copies, outputs, strict=True):
            copy.copy_(output, non_blocking=True)
        self._stream.synchronize()
        return copies

    def _check(self, feeds: Feeds) -> None:
        """Whether they are what the graph declares: it would compute with other types and lengths, too."""
        if feeds.keys() != self._inputs.keys():
            raise InferenceFailed(f"the graph takes {sorted(self._inputs)}, not {sorted(feeds)}")
        for name, kind in self._inputs.items():
            value, shape = feeds[name], _shape(kind)
            wanted = [length for length in shape if isinstance(length, int)]
            found = [
                length for length, fixed in zip(value.shape, shape, strict=False) if isinstance(fixed, int)
            ]
            if (
                value.ndim != len(shape)
                or found != wanted
                or torch.from_numpy(value).dtype != TYPES[kind.elem_type]
            ):
                raise InferenceFailed(f"{name} is not what the graph takes: {value.dtype} {value.shape}")


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


def _form(feeds: Mapping[str, Tensor]) -> Form:
    return tuple(
        (name, *tensor.shape, *([tensor.item()] if not tensor.dim() else []))
        for name, tensor in feeds.items()
    )
