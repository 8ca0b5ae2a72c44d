import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers import layers
from argusd.scheduler.zoo.importers.graph import GraphBuilder, Value
from argusd.scheduler.zoo.importers.layers import Padding, Window

Tensor = npt.NDArray[Any]
Runner = Callable[[onnx.ModelProto, dict[str, Tensor]], dict[str, Tensor]]
Layer = Callable[[GraphBuilder, Value], Value]
SIZES = st.integers(1, 40)
SMALL = st.integers(1, 5)


@pytest.fixture
def compute(run: Runner) -> Callable[[Layer, Tensor], Tensor]:
    """Apply one layer to a batch: ``compute(lambda g, x: layer(g, x), array)``."""

    def compute(layer: Layer, x: Tensor) -> Tensor:
        g = GraphBuilder()
        value = layer(g, g.input("x", x.shape[1:]))
        found = run(g.finish({"y": value}), {"x": x.astype(np.float32)})["y"]
        assert found.shape == (len(x), *value.shape)
        return found

    return compute


Compute = Callable[[Layer, Tensor], Tensor]


@given(SIZES, SMALL, SMALL)
def test_same_padding_divides_the_size_by_the_stride(size: int, kernel: int, stride: int) -> None:
    window = Window(strides=(stride, 1), padding=Padding.SAME)

    height, width = window.output_size((size, size), (kernel, kernel))

    assert (height, width) == (math.ceil(size / stride), size)


def test_same_padding_puts_the_odd_pixel_at_the_bottom_and_the_right() -> None:
    window = Window(strides=(2, 2), padding=Padding.SAME)

    assert window.pads((6, 6), (3, 3)) == [0, 0, 1, 1]
    assert window.pads((5, 5), (3, 3)) == [1, 1, 1, 1]


def test_a_kernel_larger_than_the_image_is_refused() -> None:
    with pytest.raises(ImportFailedError, match="does not fit"):
        Window(strides=(1, 1), padding=Padding.VALID).output_size((2, 2), (3, 3))


def test_convolution_reads_and_writes_channels_last(compute: Compute) -> None:
    x = np.arange(2 * 2 * 2 * 2).reshape(2, 2, 2, 2)
    weights = np.array([[1, 0], [0, 2], [1, 1]], np.float32).reshape(3, 2, 1, 1)
    window = Window(strides=(1, 1), padding=Padding.VALID)

    found = compute(lambda g, v: layers.conv2d(g, v, weights, np.array([0, 0, 5], np.float32), window), x)

    np.testing.assert_array_equal(found[..., 0], x[..., 0])
    np.testing.assert_array_equal(found[..., 1], 2 * x[..., 1])
    np.testing.assert_array_equal(found[..., 2], x.sum(-1) + 5)


def test_depthwise_convolution_keeps_channels_apart(compute: Compute) -> None:
    x = np.ones((1, 3, 3, 2))
    weights = np.stack([np.ones((1, 3, 3)), 10 * np.ones((1, 3, 3))]).astype(np.float32)
    window = Window(strides=(1, 1), padding=Padding.SAME)

    found = compute(lambda g, v: layers.conv2d(g, v, weights, None, window, groups=2), x)

    np.testing.assert_array_equal(found[0, ..., 0], [[4, 6, 4], [6, 9, 6], [4, 6, 4]])
    np.testing.assert_array_equal(found[0, ..., 1], 10 * found[0, ..., 0])


def test_convolution_weights_for_another_number_of_channels_are_refused() -> None:
    g = GraphBuilder()
    window = Window(strides=(1, 1), padding=Padding.SAME)

    with pytest.raises(ImportFailedError, match="do not fit 4 channels"):
        layers.conv2d(g, g.input("x", (8, 8, 4)), np.zeros((1, 3, 1, 1), np.float32), None, window)


def test_padding_never_wins_a_maximum(compute: Compute) -> None:
    x = -np.arange(1, 5).reshape(1, 2, 2, 1)
    window = Window(strides=(1, 1), padding=Padding.SAME)

    found = compute(lambda g, v: layers.max_pool(g, v, (2, 2), window), x)

    np.testing.assert_array_equal(found[0, ..., 0], [[-1, -2], [-3, -4]])


@pytest.mark.parametrize(
    "shape", [(), (1,), (3,), (1, 3), (1, 1, 3), (1, 1, 1, 3), (2, 1, 1), (2, 4, 3), (1, 2, 4, 3)]
)
def test_constants_broadcast_over_images_as_in_numpy(compute: Compute, shape: tuple[int, ...]) -> None:
    x = np.arange(2 * 2 * 4 * 3).reshape(2, 2, 4, 3)
    constant = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)

    found = compute(lambda g, v: layers.binary(g, "Sub", v, constant), x)

    np.testing.assert_array_equal(found, x - constant)


def test_a_constant_that_differs_within_a_batch_is_refused() -> None:
    g = GraphBuilder()

    with pytest.raises(ImportFailedError, match="batch"):
        layers.binary(g, "Add", g.input("x", (2, 2, 1)), np.zeros((5, 2, 2, 1), np.float32))


def test_an_image_and_a_vector_cannot_be_added() -> None:
    g = GraphBuilder()

    with pytest.raises(ImportFailedError, match="one rank"):
        layers.binary(g, "Add", g.input("x", (2, 2, 1)), g.input("y", (2,)))


def test_prelu_bends_each_channel_by_its_own_slope(compute: Compute) -> None:
    x = np.array([-2.0, -1.0, 0.0, 3.0]).reshape(1, 4, 1, 1) * np.ones(3)
    slopes = np.array([0.25, -4.0, 6.0], np.float32).reshape(1, 1, 3)

    found = compute(lambda g, v: layers.prelu(g, v, slopes), x)

    np.testing.assert_allclose(found, np.where(x > 0, x, x * slopes), rtol=1e-6)


def test_zeros_are_added_around_an_image_and_behind_its_channels(compute: Compute) -> None:
    x = np.ones((2, 1, 1, 1))

    found = compute(lambda g, v: layers.pad(g, v, [(0, 0), (1, 0), (0, 2), (0, 1)]), x)

    np.testing.assert_array_equal(found, np.pad(x, [(0, 0), (1, 0), (0, 2), (0, 1)]))


@pytest.mark.parametrize(
    "amounts", [[(1, 0), (0, 0), (0, 0), (0, 0)], [(0, 0), (-1, 0), (0, 0), (0, 0)], [(0, 0)]]
)
def test_padding_the_batch_or_by_less_than_nothing_is_refused(amounts: list[tuple[int, int]]) -> None:
    g = GraphBuilder()

    with pytest.raises(ImportFailedError, match="not supported"):
        layers.pad(g, g.input("x", (2, 2, 1)), amounts)


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ("half_pixel", [0, 1, 3, 4]),
        ("asymmetric", [0, 2, 4, 4]),
        ("align_corners", [0, 4 / 3, 8 / 3, 4]),
    ],
)
def test_bilinear_resizing_samples_where_the_grid_says(
    compute: Compute, grid: layers.Grid, expected: list[float]
) -> None:
    x = np.array([0, 4]).reshape(1, 1, 2, 1)

    found = compute(lambda g, v: layers.resize_bilinear(g, v, (1, 4), grid), x)

    np.testing.assert_allclose(found[0, 0, :, 0], expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("align_corners", "half_pixel", "grid"),
    [(False, False, "asymmetric"), (False, True, "half_pixel"), (True, False, "align_corners")],
)
def test_two_flags_name_the_sampling_grid(align_corners: bool, half_pixel: bool, grid: str) -> None:
    assert layers.sampling_grid(align_corners, half_pixel) == grid


def test_channels_become_blocks_of_pixels(compute: Compute) -> None:
    x = np.arange(8).reshape(1, 1, 1, 8)

    found = compute(lambda g, v: layers.depth_to_space(g, v, 2), x)

    np.testing.assert_array_equal(found[0], [[[0, 1], [2, 3]], [[4, 5], [6, 7]]])


@pytest.mark.parametrize(("keep_dims", "shape"), [(True, (2, 1, 1, 3)), (False, (2, 3))])
def test_the_mean_of_an_image_is_one_number_a_channel(
    compute: Compute, keep_dims: bool, shape: tuple[int, ...]
) -> None:
    x = np.arange(2 * 4 * 5 * 3).reshape(2, 4, 5, 3)

    found = compute(lambda g, v: layers.spatial_mean(g, v, keep_dims), x)

    np.testing.assert_allclose(found, x.mean((1, 2)).reshape(shape), rtol=1e-6)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2])
def test_images_join_along_the_axis_of_the_source(compute: Compute, axis: int) -> None:
    x = np.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4)

    found = compute(lambda g, v: layers.concat(g, [v, layers.unary(g, "Neg", v)], axis), x)

    np.testing.assert_array_equal(found, np.concatenate([x, -x], axis))


@pytest.mark.parametrize("axis", [0, 4, -4])
def test_the_batch_cannot_be_joined(axis: int) -> None:
    g = GraphBuilder()
    x = g.input("x", (2, 3, 4))

    with pytest.raises(ImportFailedError, match="cannot join"):
        layers.concat(g, [x, x], axis)


@pytest.mark.parametrize("shape", [(24,), (6, 4), (4, 3, 2)])
def test_an_image_is_flattened_in_the_order_of_the_source(compute: Compute, shape: tuple[int, ...]) -> None:
    x = np.arange(2 * 24).reshape(2, 2, 3, 4)

    def flatten_inside(g: GraphBuilder, v: Value) -> Value:
        return layers.reshape(g, layers.pad(g, v, [(0, 0)] * 4), shape)

    np.testing.assert_array_equal(compute(flatten_inside, x), x.reshape(2, *shape))


def test_an_item_keeps_its_number_of_elements() -> None:
    g = GraphBuilder()

    with pytest.raises(ImportFailedError, match="item by item"):
        layers.reshape(g, g.input("x", (2, 3)), (7,))


def test_a_dense_layer_multiplies_and_adds(compute: Compute) -> None:
    weights = np.array([[1, 2], [3, 4]], np.float32)

    found = compute(lambda g, v: layers.dense(g, v, weights, np.array([10, 20], np.float32)), np.eye(2))

    np.testing.assert_array_equal(found, weights + np.array([10, 20]))
