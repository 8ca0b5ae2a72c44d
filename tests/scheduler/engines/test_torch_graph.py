"""What a graph of several nodes needs besides its operators."""

import numpy as np
import pytest
import torch
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from argusd.scheduler.engines.torch_graph import TorchGraph
from argusd.scheduler.errors import InferenceFailed

CPU = torch.device("cpu")
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def graph_of(
    *nodes: NodeProto, inputs: dict[str, int], outputs: list[str], constants: dict[str, object]
) -> GraphProto:
    values = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    feeds = [helper.make_tensor_value_info(name, kind, None) for name, kind in inputs.items()]
    results = [helper.make_empty_tensor_value_info(name) for name in outputs]
    return helper.make_graph(list(nodes), "graph", feeds, results, values)


def test_an_operator_that_is_not_known_is_refused_by_name() -> None:
    nodes = [
        helper.make_node("NonMaxSuppression", ["x", "x"], ["y"]),
        helper.make_node("RoiAlign", ["x"], ["z"]),
    ]
    graph = graph_of(*nodes, inputs={"x": FLOAT}, outputs=["y"], constants={})
    with pytest.raises(InferenceFailed, match=r"NonMaxSuppression, RoiAlign; use onnxruntime") as caught:
        TorchGraph(graph, CPU)
    assert caught.value.code == "inference_failed"


def test_one_in_a_branch_is_refused_as_well() -> None:
    branch = graph_of(helper.make_node("Loop", ["x"], ["y"]), inputs={}, outputs=["y"], constants={})
    node = helper.make_node("If", ["condition"], ["y"], then_branch=branch, else_branch=branch)
    graph = graph_of(node, inputs={"x": FLOAT}, outputs=["y"], constants={"condition": np.array(True)})
    with pytest.raises(InferenceFailed, match="Loop"):
        TorchGraph(graph, CPU)


@pytest.mark.parametrize(("rate", "wanted"), [(16000, [2.0, 4.0]), (8000, [-1.0, -2.0])])
def test_a_branch_sees_the_values_around_it(rate: int, wanted: list[float]) -> None:
    twice = graph_of(helper.make_node("Add", ["x", "x"], ["a"]), inputs={}, outputs=["a"], constants={})
    minus = graph_of(helper.make_node("Neg", ["kept"], ["b"]), inputs={}, outputs=["b"], constants={})
    graph = graph_of(
        helper.make_node("Identity", ["x"], ["kept"]),
        helper.make_node("Equal", ["sr", "wide"], ["condition"]),
        helper.make_node("If", ["condition"], ["y"], then_branch=twice, else_branch=minus),
        inputs={"x": FLOAT, "sr": INT64},
        outputs=["y"],
        constants={"wide": np.array(16000)},
    )
    [y] = TorchGraph(graph, CPU).run({"x": torch.tensor([1.0, 2.0]), "sr": torch.tensor(rate)})
    assert y.tolist() == wanted


def test_a_branch_may_give_what_is_around_it_as_it_is() -> None:
    empty = graph_of(inputs={}, outputs=["kept"], constants={})
    graph = graph_of(
        helper.make_node("Neg", ["x"], ["kept"]),
        helper.make_node("If", ["yes"], ["y"], then_branch=empty, else_branch=empty),
        inputs={"x": FLOAT},
        outputs=["y"],
        constants={"yes": np.array(True)},
    )
    [y] = TorchGraph(graph, CPU).run({"x": torch.tensor([1.0])})
    assert y.tolist() == [-1.0]


def test_shapes_are_numbers_on_the_host_and_weights_lie_on_the_device() -> None:
    graph = graph_of(
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["batch"]),
        helper.make_node("Unsqueeze", ["batch", "axes"], ["row"]),
        helper.make_node("Concat", ["row", "rest"], ["wanted"], axis=0),
        helper.make_node("Reshape", ["x", "wanted"], ["flat"]),
        helper.make_node("Gather", ["flat", "places"], ["picked"], axis=1),
        inputs={"x": FLOAT},
        outputs=["picked"],
        constants={
            "first": np.array(0),
            "axes": np.array([0]),
            "rest": np.array([-1]),
            "places": np.array([2, 0]),
        },
    )
    meta = TorchGraph(graph, torch.device("meta"))  # has shapes, and no values that could be read
    [picked] = meta.run({"x": torch.empty(3, 2, 2, device="meta")})
    assert (picked.device.type, picked.shape) == ("meta", (3, 2))
