"""Printed pages and identity cards, drawn for tests; the specimen data are those of ICAO Doc 9303."""

import io
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]

TABLE = (90, 70, 60)  # what a card lies on
ZONE = ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10")
PRINTED = (
    ("Surname", "ERIKSSON"),
    ("Given names", "ANNA MARIA"),
    ("Date of birth", "12 Aug 1974"),
    ("Document No", "L898902C3"),
)


def page(lines: Sequence[str], size: int = 32, width: int = 1000) -> Pixels:
    """Black lines of text on white, u8 BGR."""
    sheet = Image.new("RGB", (width, 60 + 2 * size * len(lines)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((40, 30 + 2 * size * number), line, font=ImageFont.load_default(size), fill="black")
    return to_bgr(sheet)


def card(face: Pixels, zone: Sequence[str] = ()) -> Pixels:
    """An identity card with a face, printed fields and the lines of a machine-readable zone, if any."""
    sheet = Image.new("RGB", (1000, 640), (232, 240, 246))
    draw = ImageDraw.Draw(sheet)
    draw.text((40, 24), "REPUBLIC OF UTOPIA", font=ImageFont.load_default(36), fill=(20, 40, 90))
    sheet.paste(Image.fromarray(cv2.cvtColor(face, cv2.COLOR_BGR2RGB)).resize((240, 300)), (40, 100))
    for number, (label, value) in enumerate(PRINTED):
        draw.text((320, 96 + 84 * number), label, font=ImageFont.load_default(22), fill=(90, 90, 90))
        draw.text((320, 124 + 84 * number), value, font=ImageFont.load_default(32), fill="black")
    for number, line in enumerate(zone):
        _monospaced(draw, (40, 500 + 56 * number), line)
    return to_bgr(sheet)


def turned(picture: Pixels, degrees: float) -> Pixels:
    """Turned anticlockwise, all of it in the picture, on a table."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = round(width * cos + height * sin), round(width * sin + height * cos)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    return np.asarray(cv2.warpAffine(picture, matrix, size, borderValue=TABLE), np.uint8)


def noisy(picture: Pixels, deviation: float) -> Pixels:
    """With the grain of a bad camera."""
    grain = np.random.default_rng(7).normal(0, deviation, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def png(picture: Pixels) -> bytes:
    """As a file."""
    return bytes(cv2.imencode(".png", picture)[1])


def jpeg(picture: Pixels, quality: int) -> bytes:
    """As a file, with what compression does to it."""
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def to_bgr(image: Image.Image) -> Pixels:
    """A PIL image as OpenCV has it."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), np.uint8)[:, :, ::-1])


def _monospaced(draw: ImageDraw.ImageDraw, at: tuple[int, int], line: str) -> None:
    for place, character in enumerate(line):
        draw.text((at[0] + 20 * place, at[1]), character, font=ImageFont.load_default(26), fill="black")


def portrait(picture: bytes, box: tuple[int, int, int, int]) -> Pixels:
    """A part of an encoded picture."""
    return to_bgr(Image.open(io.BytesIO(picture)).convert("RGB").crop(box))
