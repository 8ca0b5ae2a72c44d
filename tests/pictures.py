"""Pictures as other programs write them."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

ORIENTATION = 0x0112


def gradient(width: int, height: int) -> NDArray[np.uint8]:
    """BGR u8; no two sides or corners are alike."""
    right, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.stack([right, down, 255 - right / 2 - down / 2], axis=2).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The file that Pillow writes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def oriented(
    kind: str, number: int, width: int = 60, height: int = 40, **options: Any
) -> tuple[bytes, NDArray[np.uint8]]:
    """A picture with an EXIF orientation, and BGR u8 of what is to be seen, which Pillow says."""
    exif = Image.Exif()
    exif[ORIENTATION] = number
    data = saved(Image.fromarray(gradient(width, height)[..., ::-1]), kind, exif=exif.tobytes(), **options)
    seen = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return data, np.asarray(seen.convert("RGB"))[..., ::-1]
