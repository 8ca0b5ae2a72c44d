"""Operators and attributes that the small graph of test_tfjs_model does not have."""

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.graph import GraphBuilder, Value
from argusd.scheduler.zoo.importers.tfjs.tfjs_operators import OPERATORS, Call
from argusd.scheduler.zoo.importers.tfjs.tfjs_reader import Attribute, ListValue, TfjsNode

Tensor = npt.NDArray[Any]
Runner = Callable[[onnx.ModelProto, dict[str, Tensor]], dict[str, Tensor]]
X = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1) - 4


def text(value: str) -> Attribute:
    return Attribute(s=base64.b64encode(value.encode()).decode())


def texts(*values: str) -> Attribute:
    return Attribute(items=ListValue(s=[base64.b64encode(value.encode()).decode() for value in values]))


def integers(*values: int) -> Attribute:
    return Attribute(items=ListValue(i=list(values)))


def lower(
    run: Runner, operator: str, attributes: dict[str, Attribute], constants: Sequence[Tensor], x: Tensor = X
) -> Tensor:
    g = GraphBuilder()
    node = TfjsNode("node", operator, [], attributes)
    value = OPERATORS[operator](Call(g, node, [g.input("x", x.shape[1:]), *constants]))
    assert isinstance(value, Value)
    return run(g.finish({"y": value}), {"x": x})["y"]


def test_explicit_padding_is_top_bottom_left_right(run: Runner) -> None:
    attributes = {
        "strides": integers(1, 1, 1, 1),
        "padding": text("EXPLICIT"),
        "explicit_paddings": integers(0, 0, 1, 0, 0, 2, 0, 0),
    }

    found = lower(run, "Conv2D", attributes, [np.ones((1, 1, 1, 1), np.float32)])

    np.testing.assert_array_equal(found, np.pad(X, [(0, 0), (1, 0), (0, 2), (0, 0)]))


def test_a_prelu_fused_behind_a_bias_takes_the_next_constant(run: Runner) -> None:
    attributes = {
        "strides": integers(1, 1, 1, 1),
        "padding": text("VALID"),
        "fused_ops": texts("BiasAdd", "Prelu"),
    }
    constants = [
        np.ones((1, 1, 1, 1), np.float32),
        np.ones(1, np.float32),
        np.full((1, 1, 1), 0.5, np.float32),
    ]

    found = lower(run, "_FusedConv2D", attributes, constants)

    np.testing.assert_allclose(found, np.where(X + 1 > 0, X + 1, (X + 1) / 2), rtol=1e-6)


def test_a_depthwise_kernel_may_multiply_the_channels(run: Runner) -> None:
    attributes = {"strides": integers(1, 1, 1, 1), "padding": text("SAME")}
    kernel = np.array([[2.0, 3.0]], np.float32).reshape(1, 1, 1, 2)

    found = lower(run, "DepthwiseConv2dNative", attributes, [kernel])

    np.testing.assert_array_equal(found, X * [2, 3])


@pytest.mark.parametrize(
    ("operator", "attributes", "constants", "reason"),
    [
        ("_FusedMatMul", {"transpose_b": Attribute(b=True)}, [np.eye(2)], "transposed"),
        ("_FusedConv2D", {"fused_ops": texts("Elu")}, [np.ones((1, 1, 1, 1))], "fuses Elu"),
        ("Mean", {}, [np.array([0])], "other axes"),
    ],
)
def test_what_an_operator_cannot_do_is_refused(
    run: Runner, operator: str, attributes: dict[str, Attribute], constants: list[Tensor], reason: str
) -> None:
    window = {"strides": integers(1, 1, 1, 1), "padding": text("SAME")}

    with pytest.raises(ImportFailedError, match=reason):
        lower(run, operator, {**window, **attributes}, constants)
