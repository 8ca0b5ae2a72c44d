"""Reading pages with PP-OCR's own weights, as RapidOCR publishes them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from argusd.scheduler.models.outputs import ZONE_ALPHABET
from argusd.scheduler.models.text.paddle_reader import PaddleOcr
from argusd.scheduler.zoo.errors import ZooError
from argusd.scheduler.zoo.store import ZooStore

from ...pages import Pixels, noisy, page, turned

pytestmark = pytest.mark.weights

LINES = ["Invoice 4417 of 12 March 2024", "Payment is due within thirty days"]


@pytest.fixture(scope="module")
def ocr(store: ZooStore) -> PaddleOcr:
    store.pull(["ppocr_v6"])
    return PaddleOcr("ppocr_v6", store, "cpu")


def read(ocr: PaddleOcr, picture: Pixels) -> list[str]:
    return [block.text for block in ocr.read(picture, ["en"])]


@pytest.mark.parametrize(
    "distort",
    [
        pytest.param(lambda sheet: sheet, id="as printed"),
        pytest.param(lambda sheet: noisy(sheet, 25), id="grainy"),
        pytest.param(lambda sheet: turned(sheet, 7), id="askew"),
        pytest.param(lambda sheet: turned(sheet, -90), id="on its side"),
        pytest.param(lambda sheet: turned(sheet, 180), id="upside down"),
        pytest.param(lambda sheet: sheet // 4, id="dark"),
    ],
)
def test_a_page_is_read_exactly(ocr: PaddleOcr, distort: Callable[[Pixels], Pixels]) -> None:
    assert read(ocr, distort(page(LINES))) == LINES


def test_blocks_lie_where_the_text_is(ocr: PaddleOcr) -> None:
    """The page has its words from x = 40 on, in rows of 64 pixels from y = 30 on."""
    first, second = ocr.read(page(["Birth certificate", "Place"]), ["en"])
    assert first.corners[0] == pytest.approx([40, 30], abs=12)
    assert second.corners[0] == pytest.approx([40, 94], abs=12)
    assert first.upright.bottom < second.upright.top


def test_blocks_of_a_turned_page_lie_where_it_shows_them(ocr: PaddleOcr) -> None:
    """The first line's upper left corner is the page's lower left one when it lies on its left side."""
    sheet = page(["Birth certificate"])
    (block,) = ocr.read(turned(sheet, 90), ["en"])
    assert block.corners[0] == pytest.approx([30, sheet.shape[1] - 40], abs=12)


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


@pytest.mark.parametrize("shape", [(1, 1), (2, 500), (8, 8), (20_000, 20), (64, 64)])
def test_where_nothing_is_written_nothing_is_read(ocr: PaddleOcr, shape: tuple[int, int]) -> None:
    assert read(ocr, np.full((*shape, 3), 255, np.uint8)) == []


def test_a_language_of_another_model_says_so(ocr: PaddleOcr) -> None:
    with pytest.raises(ZooError, match="`argusd models pull easyocr_en_hi`"):
        ocr.read(page(["text"]), ["en", "hi"])


def test_pages_are_read_side_by_side_as_well(ocr: PaddleOcr) -> None:
    texts = [[f"Receipt {number}"] for number in (17, 23, 64)]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda lines: read(ocr, page(lines)), texts)) == texts


def test_a_page_nobody_waits_for_is_not_read_on(ocr: PaddleOcr) -> None:
    """It is given up after the first piece."""
    asked = iter([False, False, True])
    blocks = ocr.read(page(LINES), ["en"], given_up=lambda: next(asked))
    assert [block.text for block in blocks] == LINES[:1]


def test_each_step_of_a_line_tells_what_a_zone_has_there(ocr: PaddleOcr) -> None:
    (block,) = ocr.read(page(["UTO12<X"], size=48), ["en"])
    assert block.steps is not None
    assert block.steps.shape[1] == 1 + len(ZONE_ALPHABET)
    best = block.steps.argmax(axis=1)
    changes = best[np.concatenate([[True], best[1:] != best[:-1]])]
    assert "".join(ZONE_ALPHABET[each - 1] for each in changes if each) == "UTO12<X"
