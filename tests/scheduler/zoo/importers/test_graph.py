from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.graph import GraphBuilder, Value

Tensor = npt.NDArray[Any]
Runner = Callable[[onnx.ModelProto, dict[str, Tensor]], dict[str, Tensor]]
BOUNDS = st.tuples(
    st.sampled_from([-np.inf, -2.0, -1.0, 0.0, 1.0]), st.sampled_from([-1.0, 0.0, 1.0, 6.0, np.inf])
).map(lambda bounds: (min(bounds), max(bounds)))


def operators(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_the_batch_is_dynamic_at_every_edge() -> None:
    g = GraphBuilder()
    x = g.input("x", (2, 3, 4))

    model = g.finish({"y": x})

    for edge in (*model.graph.input, *model.graph.output):
        dimensions = edge.type.tensor_type.shape.dim
        assert dimensions[0].dim_param == "batch"
        assert [dimension.dim_value for dimension in dimensions[1:]] == [2, 3, 4]


def test_an_image_is_transposed_once_however_often_it_is_used() -> None:
    g = GraphBuilder()
    x = g.input("x", (2, 3, 4))

    assert g.channels_first(x) == g.channels_first(x)


def test_going_back_to_the_source_layout_undoes_the_transpose() -> None:
    g = GraphBuilder()
    x = g.input("x", (2, 3, 4))
    inside = Value(g.channels_first(x), x.shape, channels_first=True)

    assert g.source_layout(inside) == "x"


def test_only_images_have_channels() -> None:
    g = GraphBuilder()

    with pytest.raises(ImportFailedError, match=r"\(7,\)"):
        g.channels_first(g.input("x", (7,)))


def test_relu_minimum_and_maximum_become_one_clip(run: Runner) -> None:
    g = GraphBuilder()
    x = g.input("x", (3,))

    value = g.clip(g.clip(g.clip(x, 0, np.inf), -np.inf, 6), 0, np.inf)
    model = g.finish({"y": value})

    assert operators(model) == ["Clip", "Identity"]
    np.testing.assert_array_equal(run(model, {"x": np.array([[-1, 3, 7]], np.float32)})["y"], [[0, 3, 6]])


@given(BOUNDS, BOUNDS, st.floats(-10, 10, width=32))
def test_merged_bounds_mean_one_after_the_other(
    run: Runner, first: tuple[float, float], second: tuple[float, float], x: float
) -> None:
    g = GraphBuilder()
    value = g.clip(g.clip(g.input("x", (1,)), *first), *second)

    found = run(g.finish({"y": value}), {"x": np.array([[x]], np.float32)})

    np.testing.assert_array_equal(found["y"], np.clip(np.clip(np.array([[x]], np.float32), *first), *second))


def test_nodes_and_constants_that_no_output_needs_are_left_out() -> None:
    g = GraphBuilder()
    x = g.input("x", (3,))
    g.node("Add", [x.name, g.constant(np.ones(3))])

    model = g.finish({"y": x})

    assert operators(model) == ["Identity"]
    assert list(model.graph.initializer) == []


def test_a_graph_that_is_no_valid_model_is_refused() -> None:
    g = GraphBuilder()
    broken = Value(g.node("Add", ["nothing", "nowhere"]), (3,))

    with pytest.raises(ImportFailedError, match="valid model"):
        g.finish({"y": broken})
