"""Crops on the device beside ``kernels.reference``, which computes them in float64."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from argusd.kernels import reference
from argusd.kernels.cuda.crop import crop_pixels
from argusd.kernels.cuda.crops import pixels_at
from argusd.kernels.cuda.device import Device
from argusd.kernels.cuda.structs import PIXELS
from argusd.kernels.pictures.picture import Layout, Picture, Span, Square

from ..harness import Metric
from .parts import Found
from .rig import Rig

LAYOUTS: list[Layout] = ["I420", "NV12", "BGR24"]
SPANS = [Span(0, 1), Span(-1, 1), Span(0, 255)]
MOST = 0.01  # grey levels of 255


def run(rig: Rig) -> Iterator[Found]:
    """Pictures of any layout, size and stride, cut by squares inside, around and across them."""
    rng = np.random.default_rng(5)
    furthest = max(error(rig, rng, trial) for trial in range(rig.sizes.trials))
    about = f"furthest from float64 in {rig.sizes.trials} batches"
    yield Found(
        rig.sizes.trials,
        {"crop_f32": Metric(furthest, "grey", about, None, f"<= {MOST}")},
        failures=[f"crops are up to {furthest:.4g} grey levels off"] * (not furthest <= MOST),
    )


def error(rig: Rig, rng: np.random.Generator, trial: int) -> float:
    """Grey levels by which a batch of three pictures is off."""
    size, span = int(rng.integers(1, 65)), SPANS[trial % len(SPANS)]
    pictures = [picture(rng, layout) for layout in LAYOUTS]
    squares = [square(rng, each, size) for each in pictures]
    outside = int(rng.choice([0, 114, 255]))
    got = cropped(rig.device, pictures, squares, size, span, outside).astype(np.float64)
    off = np.abs(got - reference.crop_batch(pictures, squares, size, span, outside)).max()
    return float(off) * 255 / (span.high - span.low)


def cropped(
    device: Device,
    pictures: Sequence[Picture],
    squares: Sequence[Square],
    size: int,
    span: Span,
    outside: int = 0,
) -> NDArray[np.float32]:
    """What the device crops, see ``crop_pixels``, of pictures whose planes lie anywhere on the host."""
    planes = [[device.array(plane) for plane in each.planes] for each in pictures]
    rows = [
        pixels_at(each, [device.address(plane) for plane in own], [plane.strides[0] for plane in own])
        for each, own in zip(pictures, planes, strict=True)
    ]
    return device.host(crop_pixels(device, np.array(rows, PIXELS), squares, size, span, outside))


def picture(rng: np.random.Generator, layout: Layout) -> Picture:
    """Noise, with a gap between its rows."""
    width, height, gap = (int(rng.integers(*limits)) for limits in ((2, 200), (2, 200), (0, 40)))
    half_height, half_width = (height + 1) // 2, (width + 1) // 2
    shapes = {
        "I420": [(height, width), (half_height, half_width), (half_height, half_width)],
        "NV12": [(height, width), (half_height, 2 * half_width)],
        "BGR24": [(height, 3 * width)],
    }[layout]
    return Picture(layout, width, height, [plane(rng, *shape, gap) for shape in shapes])


def plane(rng: np.random.Generator, rows: int, columns: int, gap: int) -> NDArray[np.uint8]:
    """Noise ``[rows, columns]`` in rows that lie ``gap`` bytes apart."""
    return rng.integers(0, 256, (rows, columns + gap), np.uint8)[:, :columns]


def square(rng: np.random.Generator, seen: Picture, size: int) -> Square:
    """All of the picture, a pixel for a pixel, or anywhere and turned."""
    middle = seen.width / 2, seen.height / 2
    side = float(rng.choice([max(seen.width, seen.height), size, 2 * size]))
    x, y = rng.uniform(-40, 240, 2).tolist()
    anywhere = Square(x, y, float(rng.uniform(2, 500)), float(rng.uniform(-4, 4)))
    return anywhere if rng.random() < 0.5 else Square(*middle, side)
