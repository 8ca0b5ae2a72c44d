"""An ONNX graph under construction, channels first inside, in the source graph's layout at its edges.

TensorFlow graphs are channels last (NHWC); ONNX convolutions are channels first (NCHW). A :class:`Value`
remembers its shape in the source graph and the layout it has here, so a transpose is written only where the
two views meet: once at the entry, and where the source graph flattens an image. The batch axis is always the
first one and always dynamic.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from ..errors import ImportFailedError
from .tfjs.hard_sigmoid import fuse_hard_sigmoids

Array = npt.NDArray[np.generic]

# The newest operator set whose GridSample, Resize and PRelu the CPU and the CUDA kernels both implement.
OPSET = 17
_IR_VERSION = 8
BATCH = "batch"
_TO_CHANNELS_FIRST = (0, 3, 1, 2)
_TO_CHANNELS_LAST = (0, 2, 3, 1)


class Value(msgspec.Struct, frozen=True):
    """A float32 tensor of the graph: its ONNX name, and its source shape without the batch axis.

    ``channels_first`` says that the tensor is stored as ``[batch, C, H, W]`` while ``shape`` is ``(H, W,
    C)``. ``batch`` names its first axis: values of another name may have another length there.
    """

    name: str
    shape: tuple[int, ...]
    channels_first: bool = False
    batch: str = BATCH

    @property
    def is_image(self) -> bool:
        """Whether the source tensor has rank four, ``[batch, H, W, C]``."""
        return len(self.shape) == 3


class GraphBuilder:
    """Collects nodes and constants, then makes a checked model of those that the outputs need."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, Array] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._transposed: dict[str, str] = {}
        self._clipped: dict[str, tuple[Value, float, float]] = {}
        self._names = 0

    def input(self, name: str, shape: Sequence[int], batch: str = BATCH) -> Value:
        """Declare a float32 input ``[batch, *shape]``."""
        value = Value(name, tuple(shape), batch=batch)
        self._inputs.append(_value_info(name, value.shape, batch))
        return value

    def constant(self, array: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """Add a constant and return its name."""
        name = self._fresh("constant")
        self._constants[name] = np.asarray(array, dtype=dtype, order="C")
        return name

    def node(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add a node with one output and return that output's name."""
        name = self._fresh(operator.lower())
        self._nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def channels_first(self, value: Value) -> str:
        """Return the name of ``value`` as ``[batch, C, H, W]``."""
        if not value.is_image:
            raise ImportFailedError(f"expected an image tensor, got shape {value.shape}")
        return value.name if value.channels_first else self._transpose(value.name, _TO_CHANNELS_FIRST)

    def source_layout(self, value: Value) -> str:
        """Return the name of ``value`` as the source graph lays it out."""
        return self._transpose(value.name, _TO_CHANNELS_LAST) if value.channels_first else value.name

    def clip(self, value: Value, low: float, high: float) -> Value:
        """Bound ``value``. Bounds put on a bounded value make one node: Relu, Min and Max are one Clip."""
        origin, inner_low, inner_high = self._clipped.get(value.name, (value, -np.inf, np.inf))
        low, high = min(max(inner_low, low), high), max(min(inner_high, high), low)
        if (low, high) == (0.0, np.inf):
            name = self.node("Relu", [origin.name])
        else:
            bounds = [self.constant(bound) if np.isfinite(bound) else "" for bound in (low, high)]
            name = self.node("Clip", [origin.name, *bounds])
        self._clipped[name] = (origin, low, high)
        return Value(name, value.shape, value.channels_first)

    def named(self, name: str, value: Value) -> Value:
        """Call a value by an output's name, as the source graph lays it out."""
        if value.channels_first:
            node = helper.make_node("Transpose", [value.name], [name], perm=_TO_CHANNELS_LAST)
        else:
            node = helper.make_node("Identity", [value.name], [name])
        node.name = f"output/{name}"
        self._nodes.append(node)
        return Value(name, value.shape, batch=value.batch)

    def finish(self, outputs: Mapping[str, Value]) -> onnx.ModelProto:
        """Name the outputs, drop what they do not need, and check the model.

        :param outputs: output name to value; written out in the source graph's layout.
        :raises ImportFailedError: when the result is not a valid ONNX model.
        """
        for name, value in outputs.items():
            if value.name != name:
                self.named(name, value)
        nodes = _reachable(fuse_hard_sigmoids(self._nodes, self._constants), outputs)
        used = {name for node in nodes for name in node.input}
        graph = helper.make_graph(
            nodes,
            "argusd",
            self._inputs,
            [_value_info(name, value.shape, value.batch) for name, value in outputs.items()],
            [numpy_helper.from_array(data, name) for name, data in self._constants.items() if name in used],
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="argusd"
        )
        model.ir_version = _IR_VERSION
        _check(model)
        return model

    def _fresh(self, stem: str) -> str:
        self._names += 1
        return f"{stem}_{self._names}"

    def _transpose(self, name: str, permutation: Sequence[int]) -> str:
        if name not in self._transposed:
            other = self.node("Transpose", [name], perm=list(permutation))
            self._transposed.update({name: other, other: name})
        return self._transposed[name]


def _value_info(name: str, shape: Sequence[int], batch: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [batch, *shape])


def _reachable(nodes: Sequence[onnx.NodeProto], outputs: Mapping[str, Value]) -> list[onnx.NodeProto]:
    needed = set(outputs)
    kept = []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    return kept[::-1]


def _check(model: onnx.ModelProto) -> None:
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ImportFailedError(f"the source graph does not make a valid model: {error}") from error
