"""Reading pages with PP-OCR's own weights, as RapidOCR publishes them."""

import cv2
import numpy as np
import pytest

from argusd.scheduler.models.outputs import ZONE_ALPHABET
from argusd.scheduler.models.text.paddle_reader import PaddleOcr
from argusd.scheduler.zoo.store import ZooStore

from ...pages import Pixels, page

pytestmark = pytest.mark.weights

LINES = ["Invoice 4417 of 12 March 2024", "Payment is due within thirty days"]


@pytest.fixture(scope="module")
def ocr(store: ZooStore) -> PaddleOcr:
    store.pull(["ppocr_v6"])
    return PaddleOcr("ppocr_v6", store, "cpu")


def read(ocr: PaddleOcr, picture: Pixels) -> list[str]:
    return [block.text for block in ocr.read(picture, ["en"])]


def test_a_dark_page_is_read_exactly(ocr: PaddleOcr) -> None:
    assert read(ocr, page(LINES) // 4) == LINES


def test_lines_that_are_small_in_a_large_picture_are_all_found(ocr: PaddleOcr) -> None:
    """Eight lines of 22 pixels: 11 on what a picture of this size is looked for lines in first."""
    lines = [f"Line {number} of what is small" for number in range(1, 9)]
    table = np.full((1000, 2560, 3), 230, np.uint8)
    sheet = page(lines, size=22, width=500)
    table[300 : 300 + len(sheet), 700:1200] = sheet
    assert read(ocr, table) == lines


def test_lines_of_a_page_that_is_seen_aslant_stay_apart(ocr: PaddleOcr) -> None:
    """Towards the right they come closer, so that none runs as the others do."""
    first, second = "A" * 5 + "BCDEFGHIJKLMNOPQRSTUVWXYZ" * 1, "1234567890123456789012345"
    sheet = page([first, second], size=40)
    height, width = sheet.shape[:2]
    seen = np.array([[0, 0], [width, height * 0.25], [width, height * 0.6], [0, height]], np.float32)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, seen)
    aslant = np.asarray(cv2.warpPerspective(sheet, matrix, (width, height), borderValue=(255,) * 3), np.uint8)
    one, other = ocr.read(aslant, ["en"])
    assert one.upright.bottom - one.upright.top < height / 2
    assert (one.text[:5], other.text[:5]) == (first[:5], second[:5])


def test_each_step_of_a_line_tells_what_a_zone_has_there(ocr: PaddleOcr) -> None:
    (block,) = ocr.read(page(["UTO12<X"], size=48), ["en"])
    assert block.steps is not None
    assert block.steps.shape[1] == 1 + len(ZONE_ALPHABET)
    best = block.steps.argmax(axis=1)
    changes = best[np.concatenate([[True], best[1:] != best[:-1]])]
    assert "".join(ZONE_ALPHABET[each - 1] for each in changes if each) == "UTO12<X"
