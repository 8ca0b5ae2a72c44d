"""Each operator beside ONNX Runtime, on graphs of one node."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from argusd.scheduler.engines.operators.catalog import KNOWN
from argusd.scheduler.engines.torch_graph import TorchGraph

RNG = np.random.default_rng(7)
Array = NDArray[Any]


class Case(NamedTuple):
    """A node with what it is fed; ``constants``: inputs after those, None for one left out."""

    kind: str
    feeds: Sequence[Array]
    constants: Sequence[Array | np.float32 | None] = ()
    attributes: Mapping[str, Any] = {}
    outputs: int = 1
    opset: int = 17


def f32(*shape: int, low: float = -2.0, high: float = 2.0) -> Array:
    return RNG.uniform(low, high, shape).astype(np.float32)


def i64(*numbers: int) -> Array:
    return np.array(numbers, np.int64)


X = f32(2, 4, 7, 9)
LETTERS = f32(2, 3)

ONE_INPUT = """Abs Ceil Cos Erf Exp Floor HardSwish Identity Log Neg Reciprocal Relu Round Sigmoid Sign Sin
    Softplus Sqrt Tanh"""
TWO_INPUTS = "Add Sub Mul Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Pow PRelu"
CASES = [
    *(
        Case(kind, [f32(2, 5, low=0.1) if kind in ("Sqrt", "Log", "Reciprocal") else X])
        for kind in ONE_INPUT.split()
    ),
    *(Case(kind, [f32(2, 4, low=0.1)], [f32(1, 4)]) for kind in TWO_INPUTS.split()),
    Case("Div", [np.array([-7, 7, 8], np.int64)], [i64(2, 2, -3)]),
    Case("And", [LETTERS > 0, LETTERS < 1]),
    Case("Or", [LETTERS > 0, LETTERS < 1]),
    Case("Not", [LETTERS > 0]),
    Case("Where", [LETTERS > 0, LETTERS, -LETTERS]),
    Case("MatMul", [f32(2, 3, 4), f32(2, 4, 5)]),
    Case("Clip", [X], [np.float32(-0.5), np.float32(0.25)]),
    Case("Clip", [X], [None, np.float32(0.25)]),
    Case("Clip", [X]),
    Case("HardSigmoid", [X], attributes={"alpha": 1 / 6, "beta": 0.5}),
    Case("LeakyRelu", [X], attributes={"alpha": 0.1}),
    Case("Softmax", [X], attributes={"axis": 1}),
    Case("Gemm", [f32(2, 3)], [f32(4, 3), f32(4)], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    Case("Gemm", [f32(3, 2)], [f32(3, 4)], {"transA": 1}),
    Case("BatchNormalization", [X], [f32(4), f32(4), f32(4), f32(4, low=0.1)], {"epsilon": 1e-3}),
    Case("LayerNormalization", [X], [f32(9), f32(9)], {"axis": -1}),
    Case("GlobalAveragePool", [X]),
    *(
        Case(kind, [X], attributes={"axes": [1, 3], "keepdims": 0})
        for kind in ("ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin")
    ),
    Case("ReduceSum", [X], [i64(-1)]),
    Case("ReduceMean", [X]),
    Case("ReduceMax", [X], [i64(1)], {"keepdims": 0}, opset=18),
    Case("ReduceSum", [X], attributes={"noop_with_empty_axes": 1}),
    Case("ArgMax", [np.array([[1, 3, 3], [2, 2, 1]], np.float32)], attributes={"axis": 1, "keepdims": 0}),
    Case("TopK", [X], [i64(3)], {"axis": 1}, outputs=2),
    Case("TopK", [X], [i64(2)], {"largest": 0}, outputs=2),
    Case("Shape", [X]),
    Case("Size", [X]),
    Case("Cast", [X], attributes={"to": TensorProto.INT32}),
    Case(
        "ConstantOfShape",
        [i64(2, 3)],
        attributes={"value": numpy_helper.from_array(np.array([0.5], np.float32))},
    ),
    Case("ConstantOfShape", [i64(2)]),
    Case("Transpose", [X], attributes={"perm": [0, 2, 3, 1]}),
    Case("Transpose", [X]),
    Case("Concat", [LETTERS, f32(2, 1)], attributes={"axis": -1}),
    Case("Split", [f32(2, 7)], [i64(3, 4)], {"axis": 1}, outputs=2),
    Case("Split", [f32(2, 6)], attributes={"axis": 1}, outputs=3),
    Case("Split", [f32(2, 6)], attributes={"axis": 1, "split": [2, 4]}, outputs=2, opset=11),
    Case("Reshape", [X], [i64(0, -1, 9)]),
    Case("Reshape", [f32(2, 3)], [i64(3, 2)], {"allowzero": 1}),
    Case("Flatten", [X], attributes={"axis": 2}),
    Case("Flatten", [X], attributes={"axis": 0}),
    Case("Squeeze", [f32(1, 3, 1)]),
    Case("Squeeze", [f32(1, 3, 1)], [i64(-1)]),
    Case("Squeeze", [f32(1, 3, 1)], attributes={"axes": [0]}, opset=11),
    Case("Unsqueeze", [LETTERS], [i64(0, -1)]),
    Case("Unsqueeze", [LETTERS], attributes={"axes": [1]}, opset=11),
    Case("Expand", [f32(2, 1)], [i64(3, 1, 4)]),
    Case("Tile", [LETTERS], [i64(2, 2)]),
    Case("Slice", [X], [i64(1, -2), i64(2**62, -1), i64(2, 3)]),
    Case("Slice", [X], [i64(5, -1), i64(0, -(2**62)), i64(3, 1), i64(-2, -1)]),
    Case("Slice", [X], [i64(3), i64(1), i64(1)]),
    Case("Gather", [X], [i64(-1, 0, 2, 2)], {"axis": 1}),
    Case("Gather", [X], [np.array([[0, 1], [1, 0]], np.int64)]),
    Case("Gather", [X], [np.array(-1, np.int64)], {"axis": 2}),
    Case("GatherElements", [LETTERS], [np.array([[-1, 0], [1, 1]], np.int64)], {"axis": 1}),
    Case("Pad", [X], [i64(0, 1, 0, 2, 0, 1, 3, 0)]),
    Case("Pad", [X], [i64(1, 0, 0, 0, 0, 0, 0, 0), np.float32(2.5)]),
    Case("Pad", [X], [i64(1, 2), None, i64(-1)], opset=18),
    Case("Pad", [X], [i64(0, 0, 1, 2, 0, 0, 2, 0)], {"mode": "reflect"}),
    Case("Pad", [f32(2, 5)], [i64(0, 3, 0, 2)], {"mode": "reflect"}),
    Case("Pad", [X], [i64(0, 2, 0, 0, 0, 1, 0, 0)], {"mode": "edge"}),
    Case("DepthToSpace", [f32(2, 8, 3, 2)], attributes={"blocksize": 2}),
    Case("DepthToSpace", [f32(2, 8, 3, 2)], attributes={"blocksize": 2, "mode": "CRD"}),
    Case("Conv", [X], [f32(6, 2, 3, 3), f32(6)], {"group": 2, "strides": [2, 1], "pads": [1, 0, 1, 0]}),
    Case("Conv", [X], [f32(6, 4, 3, 2)], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    Case("Conv", [X], [f32(6, 4, 2, 3)], {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    Case("Conv", [X], [f32(6, 4, 3, 3)], {"dilations": [2, 2], "pads": [2, 1, 1, 2]}),
    Case("Conv", [f32(2, 4, 11)], [f32(3, 4, 5), f32(3)], {"strides": [2]}),
    Case(
        "ConvTranspose",
        [X],
        [f32(4, 3, 3, 3)],
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
    ),
    Case("MaxPool", [X], attributes={"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    Case("MaxPool", [X], attributes={"kernel_shape": [2, 2], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
    Case("MaxPool", [X], attributes={"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    Case("MaxPool", [f32(2, 4, 11)], attributes={"kernel_shape": [3], "strides": [2]}),
    Case("AveragePool", [X], attributes={"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    Case(
        "AveragePool", [X], attributes={"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}
    ),
    Case("AveragePool", [X], attributes={"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    Case("GridSample", [X, f32(2, 3, 5, 2, low=-1.2, high=1.2)], attributes={"align_corners": 1}, opset=16),
    Case(
        "GridSample",
        [X, f32(2, 3, 5, 2, low=-1.2, high=1.2)],
        attributes={"padding_mode": "border"},
        opset=16,
    ),
    *(
        Case(
            "Resize",
            [X],
            [None, None, i64(2, 4, 14, 13)],
            {"mode": mode, "coordinate_transformation_mode": how},
        )
        for mode in ("nearest", "linear")
        for how in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric")
    ),
    *(
        Case(
            "Resize",
            [X],
            [None, np.array([1, 1, 1.5, 0.6], np.float32)],
            {"nearest_mode": rounding, "coordinate_transformation_mode": "asymmetric"},
        )
        for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
    ),
    Case("LSTM", [f32(5, 2, 3)], [f32(1, 16, 3), f32(1, 16, 4), f32(1, 32)], {"hidden_size": 4}, outputs=3),
    Case(
        "LSTM",
        [f32(5, 2, 3)],
        [f32(1, 16, 3), f32(1, 16, 4), None, None, f32(1, 2, 4), f32(1, 2, 4)],
        {"hidden_size": 4},
        outputs=3,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{place}-{case.kind}" for place, case in enumerate(CASES)])
def test_it_computes_what_onnx_runtime_does(case: Case) -> None:
    model = model_of(case)
    feeds = {f"feed{place}": value for place, value in enumerate(case.feeds)}
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    wanted = onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, feeds)
    with torch.inference_mode():
        tensors = {name: torch.from_numpy(value) for name, value in feeds.items()}
        found = TorchGraph(model.graph, torch.device("cpu")).run(tensors)
    assert len(found) == len(wanted) == case.outputs
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours.numpy().dtype == theirs.dtype
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=2e-5, atol=2e-5, strict=True)


def test_each_known_operator_has_a_case() -> None:
    assert KNOWN.keys() == {case.kind for case in CASES}


def model_of(case: Case) -> onnx.ModelProto:
    """A graph of this node; what it gives is found by ONNX's shape inference."""
    feeds = [
        helper.make_tensor_value_info(
            f"feed{place}", helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for place, value in enumerate(case.feeds)
    ]
    names = [each.name for each in feeds]
    names += ["" if value is None else f"constant{place}" for place, value in enumerate(case.constants)]
    constants = [
        numpy_helper.from_array(np.asarray(value), f"constant{place}")
        for place, value in enumerate(case.constants)
        if value is not None
    ]
    outputs = [f"output{place}" for place in range(case.outputs)]
    node = helper.make_node(case.kind, names, outputs, **case.attributes)
    results = [helper.make_empty_tensor_value_info(name) for name in outputs]
    graph = helper.make_graph([node], "one_node", feeds, results, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", case.opset)], ir_version=8)
