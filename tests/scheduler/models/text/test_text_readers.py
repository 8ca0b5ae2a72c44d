"""What every reader of text does, by its own weights."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from argusd.scheduler.models.text.easyocr_reader import EasyOcr
from argusd.scheduler.models.text.paddle_reader import PaddleOcr
from argusd.scheduler.zoo.errors import ZooError
from argusd.scheduler.zoo.store import ZooStore

from ...pages import Pixels, noisy, page, turned

pytestmark = pytest.mark.weights

Reader = EasyOcr | PaddleOcr
LINES = ["Invoice 4417 of 12 March 2024", "Payment is due within thirty days"]


@pytest.fixture(
    scope="module", params=[("ppocr_v6", PaddleOcr), ("easyocr_en", EasyOcr)], ids=lambda each: each[0]
)
def ocr(request: pytest.FixtureRequest, store: ZooStore) -> Reader:
    name, kind = request.param
    store.pull([name])
    reader: Reader = kind(name, store, "cpu")
    return reader


def read(ocr: Reader, picture: Pixels) -> list[str]:
    return [block.text for block in ocr.read(picture, ["en"])]


@pytest.mark.parametrize(
    "distort",
    [
        pytest.param(lambda sheet: sheet, id="as printed"),
        pytest.param(lambda sheet: noisy(sheet, 25), id="grainy"),
        pytest.param(lambda sheet: turned(sheet, 7), id="askew"),
        pytest.param(lambda sheet: turned(sheet, -90), id="on its side"),
        pytest.param(lambda sheet: turned(sheet, 180), id="upside down"),
    ],
)
def test_a_page_is_read_exactly(ocr: Reader, distort: Callable[[Pixels], Pixels]) -> None:
    assert read(ocr, distort(page(LINES))) == LINES


def test_blocks_lie_where_the_text_is(ocr: Reader) -> None:
    """The page has its words from x = 40 on, in rows of 64 pixels from y = 30 on."""
    first, second = ocr.read(page(["Birth certificate", "Place"]), ["en"])
    assert first.corners[0] == pytest.approx([40, 30], abs=12)
    assert second.corners[0] == pytest.approx([40, 94], abs=12)
    assert first.upright.bottom < second.upright.top


def test_blocks_of_a_turned_page_lie_where_it_shows_them(ocr: Reader) -> None:
    """The first line's upper left corner is the page's lower left one when it lies on its left side."""
    sheet = page(["Birth certificate"])
    (block,) = ocr.read(turned(sheet, 90), ["en"])
    assert block.corners[0] == pytest.approx([30, sheet.shape[1] - 40], abs=12)


@pytest.mark.parametrize("shape", [(1, 1), (2, 500), (8, 8), (20_000, 20), (64, 64)])
def test_where_nothing_is_written_nothing_is_read(ocr: Reader, shape: tuple[int, int]) -> None:
    assert read(ocr, np.full((*shape, 3), 255, np.uint8)) == []


def test_a_language_without_weights_says_so(ocr: Reader) -> None:
    with pytest.raises(ZooError, match="`argusd models pull easyocr_en_hi`"):
        ocr.read(page(["text"]), ["en", "hi"])


def test_pages_are_read_side_by_side_as_well(ocr: Reader) -> None:
    texts = [[f"Receipt {number}"] for number in (17, 23, 64)]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda lines: read(ocr, page(lines)), texts)) == texts


def test_a_page_nobody_waits_for_is_not_read_on(ocr: Reader) -> None:
    """It is given up after the first piece."""
    asked = iter([False, False, True])
    blocks = ocr.read(page(LINES), ["en"], given_up=lambda: next(asked))
    assert [block.text for block in blocks] == LINES[:1]
