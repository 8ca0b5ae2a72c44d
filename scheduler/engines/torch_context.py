"""Where PyTorch runs one batch of a model at a time: places for feeds, and on CUDA a stream and graphs.

A model has as many contexts as batches of it may be in flight; they share its weights and nothing else::

    model ─ weights ─┬─ context ─ stream ─ feeds and graph of 1 row, of 2, of 4, …
                     └─ context ─ stream ─ feeds and graph of 1 row, of 2, of 4, …

A graph writes where it wrote when it was captured, so graphs that are replayed side by side need memory of
their own: those of one context share a pool, for they follow each other.
"""

import contextlib
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray

from .batch_axes import BatchAxes
from .operators.registry import Tensor
from .torch_graph import TorchGraph

WARM_UPS = 2  # libraries choose their algorithms in them, and constants come to the device
CAPTURING = threading.Lock()  # a capture begins by waiting for the device, which ends another one's capture
# Shapes of all feeds, and the values of those on the host: what a captured graph is good for.
Form = tuple[tuple[Any, ...], ...]


class Prepared(NamedTuple):
    """What runs batches of one form: ``feeds`` to be filled, and what then gives the outputs."""

    feeds: Mapping[str, Tensor]
    run: Callable[[], list[Tensor]]


class TorchContext:
    """One batch of a model at a time. Its user sees to that, and works within ``current``.

    ``half``: what PyTorch's autocast deems safe is computed in f16, above all convolutions and products;
    feeds and outputs stay as the graph declares them.
    """

    def __init__(self, graph: TorchGraph, axes: BatchAxes, device: torch.device, *, half: bool) -> None:
        self._graph = graph
        self._half = half
        self._axes = axes
        self._device = device
        self._prepared: dict[Form, Prepared] = {}
        self._cuda = device.type == "cuda"
        if self._cuda:
            self._stream = torch.cuda.Stream(device)
            self._pool = torch.cuda.graph_pool_handle()

    def current(self) -> contextlib.AbstractContextManager[Any]:
        """Have the thread's work go to the context's stream."""
        context: contextlib.AbstractContextManager[Any] = (
            torch.cuda.stream(self._stream) if self._cuda else contextlib.nullcontext()
        )
        return context

    def run(self, tensors: Mapping[str, Tensor], size: int) -> list[Tensor]:
        """Outputs of a batch, filled up to this size; the context's next batch overwrites them."""
        prepared = self._prepared_for(tensors, size)
        rows = self._axes.rows(dict(tensors))
        for name, place in prepared.feeds.items():
            self._axes.part(name, place, rows).copy_(tensors[name], non_blocking=True)
        outputs = [each.contiguous() for each in self._axes.cut(prepared.run(), rows)]
        self._settle()
        return outputs

    def on_host(self, outputs: list[Tensor]) -> list[NDArray[Any]]:
        """Copies that nobody overwrites."""
        copies = [torch.empty(output.shape, dtype=output.dtype, pin_memory=self._cuda) for output in outputs]
        for copy, output in zip(copies, outputs, strict=True):
            copy.copy_(output, non_blocking=True)
        self._settle()
        return [copy.numpy() for copy in copies]

    def _settle(self) -> None:
        if self._cuda:
            self._stream.synchronize()

    def _prepared_for(self, tensors: Mapping[str, Tensor], size: int) -> Prepared:
        form = self._form(tensors, size)
        if form not in self._prepared:
            self._prepared[form] = self._prepare(tensors, size)
        return self._prepared[form]

    def _prepare(self, tensors: Mapping[str, Tensor], size: int) -> Prepared:
        """Places for so many rows of such tensors; those without dimensions are part of the form."""
        feeds = {
            name: torch.zeros(
                self._axes.shape(name, tensor.shape, size), dtype=tensor.dtype, device=self._device
            )
            for name, tensor in tensors.items()
            if tensor.dim()
        }
        every = {**{name: tensor.clone() for name, tensor in tensors.items()}, **feeds}
        return Prepared(feeds, self._captured(every) if self._cuda else partial(self._compute, every))

    def _captured(self, feeds: Mapping[str, Tensor]) -> Callable[[], list[Tensor]]:
        """What the graph does with these feeds, as one launch."""
        for _ in range(WARM_UPS):
            self._compute(feeds)
        self._settle()
        captured = torch.cuda.CUDAGraph()
        mode = "thread_local"  # what other threads do meanwhile is none of it
        with CAPTURING, torch.cuda.graph(captured, self._pool, self._stream, capture_error_mode=mode):
            outputs = self._compute(feeds)

        def replay() -> list[Tensor]:
            captured.replay()
            return outputs

        return replay

    def _compute(self, feeds: Mapping[str, Tensor]) -> list[Tensor]:
        if not self._half:
            return self._graph.run(feeds)
        # Its cache of weights would lie in the memory of whichever graph was captured first.
        with torch.autocast(self._device.type, torch.float16, cache_enabled=False):
            return [_in_full(output) for output in self._graph.run(feeds)]

    def _form(self, tensors: Mapping[str, Tensor], size: int) -> Form:
        return tuple(
            (name, *self._axes.shape(name, tensor.shape, size), *([] if tensor.dim() else [tensor.item()]))
            for name, tensor in tensors.items()
        )


def _in_full(output: Tensor) -> Tensor:
    return output.float() if output.dtype == torch.float16 else output
