"""ONNX Runtime behind the ``Engine`` protocol, on a CPU core or a CUDA device."""

import contextlib
import threading
from typing import Any

import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from ..contract.names import cuda_index
from ..core import Feeds
from ..errors import DeviceUnavailable, InferenceFailed
from .arena import use_arena
from .batch_axes import BatchAxes, bucket
from .failures import failure
from .limits import THREADS

CUDA_PROVIDER = "CUDAExecutionProvider"
CPU_PROVIDER = "CPUExecutionProvider"
ERRORS_ONLY = 3

RUN_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.RuntimeException,
    ort_errors.EPFail,
    ort_errors.NotImplemented,
    ValueError,  # a feed is missing or of another type
)
LOAD_ERRORS = (*RUN_ERRORS, ort_errors.InvalidGraph, ort_errors.InvalidProtobuf, ort_errors.NoSuchFile)


class OnnxEngine:
    """One model's graph, loaded, fed from the host. ``run`` releases the interpreter lock meanwhile.

    On CUDA batches come in a few sizes, each of which it prepares once (``batch_axes``), and one at a time:
    concurrent runs of one session have ended in illegal memory accesses (microsoft/onnxruntime #32342).
    """

    def __init__(self, graph: bytes, name: str, device: str) -> None:
        """Load a graph; ``name`` is its file's.

        Raises:
            DeviceUnavailable: CUDA was asked for and the library fell back to the CPU.
            InferenceFailed: it is no graph, or none that this library runs.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = THREADS
        options.log_severity_level = ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if device == "cpu":
            use_arena(options)
        else:
            options.enable_mem_pattern = False  # with it memory grows where threads take turns (#29351)
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=_providers(device))
        except LOAD_ERRORS as error:
            what = f"ONNX Runtime cannot load {name}; `argusd models verify` tells whether it is intact"
            raise InferenceFailed(what) from error
        if device != "cpu" and CUDA_PROVIDER not in self._session.get_providers():
            raise DeviceUnavailable(f"{device} cannot be used: ONNX Runtime fell back to the CPU")
        self._axes = _axes(self._session)
        self._in_buckets = device != "cpu"
        self._alone: contextlib.AbstractContextManager[Any] = (
            contextlib.nullcontext() if device == "cpu" else threading.Lock()
        )

    def run(self, feeds: Feeds) -> list[NDArray[Any]]:
        """Run a batch; all outputs, in the graph's order.

        Raises:
            OutOfMemory: a smaller batch may fit.
            DeviceLost: nothing will run in this process any more.
            InferenceFailed: any other refusal.
        """
        try:
            with self._alone:
                return self._run_in_buckets(feeds) if self._in_buckets else self._run(feeds)
        except RUN_ERRORS as error:
            raise failure(str(error)) from error

    def _run(self, feeds: Feeds) -> list[NDArray[Any]]:
        tensors: list[NDArray[Any]] = self._session.run(None, feeds)
        return tensors

    def _run_in_buckets(self, feeds: Feeds) -> list[NDArray[Any]]:
        padded, rows = self._filled_up(feeds)
        return self._axes.cut(self._run(padded), rows)

    def _filled_up(self, feeds: Feeds) -> tuple[Feeds, int]:
        """The batch in one of the few sizes, and how many items it has."""
        if feeds.keys() != self._axes.inputs.keys():
            raise ValueError(f"the graph takes {sorted(self._axes.inputs)}")
        rows = self._axes.rows(feeds)
        return self._axes.padded(feeds, bucket(rows)), rows


def _axes(session: onnxruntime.InferenceSession) -> BatchAxes:
    inputs = {each.name: each.shape for each in session.get_inputs()}
    return BatchAxes(inputs, {each.name: each.shape for each in session.get_outputs()})


def _providers(device: str) -> list[Any]:
    if device == "cpu":
        return [CPU_PROVIDER]
    # An exhaustive search for the fastest convolutions takes up to a second for each new shape.
    options = {"device_id": cuda_index(device), "cudnn_conv_algo_search": "HEURISTIC"}
    return [(CUDA_PROVIDER, options), CPU_PROVIDER]
