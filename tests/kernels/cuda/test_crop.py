"""The crop kernel beside float64, on a host's threads and on a GPU's."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.benchmarks.gpu.pixels import cropped
from argusd.kernels import reference
from argusd.kernels.cuda.device import Device
from argusd.kernels.pictures.picture import Layout, Picture, Span, Square

BYTES = Span(0, 255)
GREYS = 0.01  # of 255: the furthest from float64 that it may be
LAYOUTS: list[Layout] = ["I420", "NV12", "BGR24"]


def noise(layout: Layout, width: int, height: int, gap: int = 0, seed: int = 0) -> Picture:
    """Every pixel another; rows of planes lie ``gap`` bytes apart, and the last row ends with the memory."""
    half_height, half_width = (height + 1) // 2, (width + 1) // 2
    shapes = {
        "I420": [(height, width), (half_height, half_width), (half_height, half_width)],
        "NV12": [(height, width), (half_height, 2 * half_width)],
        "BGR24": [(height, 3 * width)],
    }[layout]
    rng = np.random.default_rng(seed)
    return Picture(layout, width, height, [_apart(rng, *shape, gap) for shape in shapes])


def _apart(rng: np.random.Generator, rows: int, columns: int, gap: int) -> NDArray[np.uint8]:
    memory = rng.integers(0, 256, rows * (columns + gap) - gap, np.uint8)
    return np.lib.stride_tricks.as_strided(memory, (rows, columns), (columns + gap, 1))


def squares(width: int, height: int, size: int) -> st.SearchStrategy[Square]:
    """Letterboxes, one to one, anywhere and turned, and far outside."""
    middle = width / 2, height / 2
    anywhere = st.builds(
        Square,
        st.floats(-width, 2.0 * width),
        st.floats(-height, 2.0 * height),
        st.floats(0.5, 5.0 * max(width, height)),
        st.one_of(st.just(0.0), st.floats(-4, 4)),
    )
    upright = st.sampled_from([float(max(width, height)), float(size), 2.0 * size, size / 2])
    return st.one_of(
        anywhere, upright.map(lambda side: Square(*middle, side)), st.just(Square(-900, -900, 20, 0.3))
    )


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Picture], list[Square], int]:
    size = draw(st.integers(1, 48))
    pictures, chosen = [], []
    for layout in draw(st.lists(st.sampled_from(LAYOUTS), min_size=1, max_size=3)):
        width, height = draw(st.integers(2, 150)), draw(st.integers(2, 150))
        pictures.append(noise(layout, width, height, draw(st.integers(0, 40)), draw(st.integers(0, 99))))
        chosen.append(draw(squares(width, height, size)))
    return pictures, chosen, size


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    batch=batches(),
    span=st.sampled_from([Span(0, 1), Span(-1, 1), BYTES, Span(-127.5 / 128, 127.5 / 128)]),
    outside=st.sampled_from([0, 114, 255]),
)
def test_agrees_with_the_oracle(
    device: Device,
    batch: tuple[list[Picture], list[Square], int],
    span: Span,
    outside: int,
) -> None:
    pictures, chosen, size = batch
    got = cropped(device, pictures, chosen, size, span, outside)
    assert got.dtype == np.float32
    expected = reference.crop_batch(pictures, chosen, size, span, outside)
    assert np.abs(got - expected).max() * 255 / (span.high - span.low) <= GREYS


@pytest.mark.parametrize(
    ("layout", "square"),
    [
        ("I420", Square(1900, 1000, 90, 0.4)),
        ("NV12", Square(960, 540, 1920)),
        ("BGR24", Square(1919.3, 1079.6, 31.7)),
    ],
)
def test_a_place_in_a_large_picture_is_known_as_well(device: Device, layout: Layout, square: Square) -> None:
    picture = noise(layout, 1920, 1080)
    got = cropped(device, [picture], [square], 32, BYTES)
    assert np.abs(got - reference.crop_batch([picture], [square], 32, BYTES)).max() <= GREYS


@pytest.mark.parametrize(
    ("width", "height", "square", "size", "inside"),
    [
        pytest.param(8, 4, Square(4, 2, 8), 256, (slice(64, 192), slice(0, 256)), id="free above and below"),
        pytest.param(4, 8, Square(2, 4, 8), 256, (slice(0, 256), slice(64, 192)), id="free left and right"),
        pytest.param(4, 2, Square(3, 0, 8), 256, (slice(128, 192), slice(32, 160)), id="free all around"),
        pytest.param(64, 32, Square(32, 16, 64), 32, (slice(8, 24), slice(0, 32)), id="made smaller"),
    ],
)
def test_a_picture_that_fits_the_square_ends_sharply(
    device: Device, width: int, height: int, square: Square, size: int, inside: tuple[slice, slice]
) -> None:
    """Every pixel of the picture's edge is the picture's, and the next one is not; enlarged or not."""
    white = Picture("BGR24", width, height, [np.full((height, 3 * width), 255, np.uint8)])
    expected = np.full((1, size, size, 3), 114.0)
    expected[0][inside] = 255
    got = cropped(device, [white], [square], size, BYTES, 114)
    np.testing.assert_array_equal(got, expected)
    picture = noise("BGR24", width, height)
    got = cropped(device, [picture], [square], size, BYTES, 114)
    assert np.abs(got - reference.crop_batch([picture], [square], size, BYTES, 114)).max() <= GREYS


@pytest.mark.parametrize(
    "square",
    [
        pytest.param(Square(4.1, 2, 8), id="between the pixels"),
        pytest.param(Square(4, 2, 8, 1e-3), id="turned"),
        pytest.param(Square(4, 2, 8, np.pi), id="upside down"),
        pytest.param(Square(5, 2, 8), id="beyond the square"),
    ],
)
def test_any_other_blends_into_what_is_outside(device: Device, square: Square) -> None:
    white = Picture("BGR24", 8, 4, [np.full((4, 24), 255, np.uint8)])
    got = cropped(device, [white], [square], 32, BYTES, 114)
    assert ((got > 120) & (got < 250)).any()
    assert np.abs(got - reference.crop_batch([white], [square], 32, BYTES, 114)).max() <= GREYS


def test_no_picture_is_no_work(device: Device) -> None:
    assert cropped(device, [], [], 16, BYTES).shape == (0, 16, 16, 3)


@pytest.mark.parametrize("square", [Square(np.nan, 1, 8), Square(1, 1, np.inf), Square(1, 1, 8, np.inf)])
def test_a_square_that_is_not_finite_is_refused(device: Device, square: Square) -> None:
    """In a kernel it would be any place, for all sessions in the batch."""
    with pytest.raises(ValueError, match="finite"):
        cropped(device, [noise("BGR24", 8, 8)], [square], 16, BYTES)


@pytest.mark.parametrize(
    "square", [Square(1e300, -1e300, 8), Square(4, 4, 1e12), Square(4, 4, 0), Square(4, 4, -3)]
)
def test_an_absurd_square_shows_what_is_outside_or_one_colour(device: Device, square: Square) -> None:
    got = cropped(device, [noise("I420", 8, 8)], [square], 4, BYTES, 114)
    assert np.isfinite(got).all()
