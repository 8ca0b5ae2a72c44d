"""Reading documents and comparing the face on them, with real models on cards drawn for it."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from argusd.scheduler.contract.errors import BadPicture, LanguageUnsupported, ModelUnavailable, NoFace
from argusd.scheduler.contract.tasks.documents import (
    DocIdVerify,
    DocIdVerifyReply,
    DocOcr,
    DocOcrReply,
    OcrFields,
)
from argusd.scheduler.models.roles import TextReader
from argusd.scheduler.models.text.easyocr_reader import EasyOcr
from argusd.scheduler.models.text.paddle_reader import PaddleOcr
from argusd.scheduler.tasks.documents.documents import doc_id_verify, doc_ocr
from argusd.scheduler.zoo.store import ZooStore

from ...pages import ZONE, Pixels, card, jpeg, noisy, page, png, portrait, turned
from ...recordings import Runners
from ..direct_runner import DirectRunner

pytestmark = pytest.mark.weights

BLANK = png(np.full((240, 320, 3), 255, np.uint8))
LINES = ["Invoice 4417 of 12 March 2024", "Payment is due within thirty days"]
ERIKSSON = OcrFields("ANNA MARIA ERIKSSON", "1974-08-12", "L898902C3")


class DocumentRunner(DirectRunner):
    """With a reader of text beside the models that run in batches."""

    def __init__(self, runners: Runners, ocr: TextReader) -> None:
        super().__init__(runners)
        self._ocr = ocr

    def model(self, role: str) -> Any:
        return self._ocr if role == "ocr" else super().model(role)


@pytest.fixture(scope="module")
def runner(runners: Runners, store: ZooStore) -> DocumentRunner:
    store.pull(["ppocr_v6"])
    return DocumentRunner(runners, PaddleOcr("ppocr_v6", store, "cpu"))


@pytest.fixture(scope="module")
def text_runner(runners: Runners, store: ZooStore) -> DocumentRunner:
    """With a reader that tells no more than a text."""
    store.pull(["easyocr_en"])
    return DocumentRunner(runners, EasyOcr("easyocr_en", store, "cpu"))


@pytest.fixture(scope="module")
def astronaut(store: ZooStore) -> bytes:
    return store.file("astronaut", "astronaut.png").read_bytes()


@pytest.fixture(scope="module")
def face(astronaut: bytes) -> Pixels:
    """As it is printed on cards."""
    return portrait(astronaut, (120, 0, 360, 300))


async def verify(runner: DocumentRunner, document: bytes, live: bytes) -> DocIdVerifyReply:
    return await doc_id_verify(DocIdVerify(id_image_b64=document, face_image_b64=live), runner)


async def test_text_comes_line_by_line(runner: DocumentRunner) -> None:
    sheet = page(["Certificate of birth", "Utopia 12 March 2024"])
    result = await doc_ocr(DocOcr(image_b64=png(sheet)), runner)
    assert result.text == "Certificate of birth\nUtopia 12 March 2024"
    assert result.language == "en"
    first, second = result.blocks
    assert (first.text, second.text) == ("Certificate of birth", "Utopia 12 March 2024")
    left, top, right, bottom = first.box
    assert (left, top) == pytest.approx((40 / 1000, 30 / len(sheet)), abs=0.07)
    assert left < right < 1
    assert top < bottom < second.box[3]
    assert 0.5 < first.confidence <= 1


async def test_an_empty_page_has_an_empty_text(runner: DocumentRunner) -> None:
    result = await doc_ocr(DocOcr(image_b64=BLANK), runner)
    assert result == DocOcrReply("", [], "en")


@pytest.mark.parametrize("language", ["xx", "en,xx", "", "EN"])
async def test_an_unknown_language_is_refused(runner: DocumentRunner, language: str) -> None:
    with pytest.raises(LanguageUnsupported, match="these can: de, en, es, fr, hi, it, nl, pl, pt"):
        await doc_ocr(DocOcr(image_b64=BLANK, language=language), runner)


async def test_a_language_without_weights_is_not_available(runner: DocumentRunner) -> None:
    with pytest.raises(ModelUnavailable, match="`argusd models pull easyocr_en_hi`"):
        await doc_ocr(DocOcr(image_b64=png(page(["text"])), language="hi"), runner)


async def test_what_is_no_image_is_refused(runner: DocumentRunner) -> None:
    with pytest.raises(BadPicture):
        await doc_ocr(DocOcr(image_b64=b"%PDF-1.7"), runner)


async def test_a_passport_of_the_person(runner: DocumentRunner, face: Pixels, astronaut: bytes) -> None:
    result = await verify(runner, png(card(face, ZONE)), astronaut)
    assert result.face_match
    assert result.score > 0.9
    assert result.ocr_fields == ERIKSSON
    assert result.checks == {"name": "unproved", "dob": "proved", "id_no": "proved"}
    assert result.warnings == ["document_expired"]


async def test_a_passport_of_the_person_read_as_text_alone(
    text_runner: DocumentRunner, face: Pixels, astronaut: bytes
) -> None:
    result = await verify(text_runner, png(card(face, ZONE)), astronaut)
    assert (result.face_match, result.ocr_fields) == (True, ERIKSSON)
    assert result.checks == {"name": "unproved", "dob": "proved", "id_no": "proved"}


async def test_what_is_doubtful_is_told(runner: DocumentRunner, face: Pixels) -> None:
    """A wrong digit in a zone, and print that is hardly legible."""
    wrong = (ZONE[0], ZONE[1].replace("L898902C3", "L898902X3"))
    result = await doc_ocr(DocOcr(image_b64=png(card(face, wrong))), runner)
    assert result.warnings[:2] == ["mrz_check_failed:number", "mrz_check_failed:composite"]
    assert result.text.splitlines()[-1] == wrong[1]
    tiny = cv2.resize(page(LINES), None, fx=0.22, fy=0.22, interpolation=cv2.INTER_AREA)
    result = await doc_ocr(DocOcr(image_b64=png(np.asarray(tiny, np.uint8))), runner)
    assert [block.doubtful for block in result.blocks] == [False, True]
    assert result.warnings == ["doubtful_text"]


async def test_the_lines_of_a_zone_are_told_exactly(runner: DocumentRunner, face: Pixels) -> None:
    result = await doc_ocr(DocOcr(image_b64=jpeg(noisy(turned(card(face, ZONE), 4), 15), 50)), runner)
    assert [line for line in result.text.splitlines() if "<" in line] == list(ZONE)


@pytest.mark.parametrize("degrees", [90, -90, 180])
async def test_a_card_that_lies_on_its_side_or_upside_down(
    runner: DocumentRunner, face: Pixels, astronaut: bytes, degrees: float
) -> None:
    result = await verify(runner, png(turned(card(face, ZONE), degrees)), astronaut)
    assert result.face_match
    assert result.ocr_fields == ERIKSSON
    assert result.checks == {"name": "unproved", "dob": "proved", "id_no": "proved"}


async def test_a_card_photographed_badly(runner: DocumentRunner, face: Pixels, astronaut: bytes) -> None:
    """Askew on a table, grainy, compressed, and without a machine-readable zone."""
    photograph = jpeg(noisy(turned(card(face), 6), 12), quality=60)
    result = await verify(runner, photograph, astronaut)
    assert result.face_match
    assert result.ocr_fields == ERIKSSON
    assert result.warnings == []


async def test_a_card_that_is_small_in_the_picture(
    runner: DocumentRunner, face: Pixels, astronaut: bytes
) -> None:
    """It takes a ninth of a photograph of 12 megapixels; the face a hundredth of its width."""
    photograph = np.full((3000, 4000, 3), 90, np.uint8)
    photograph[400:1040, 300:1300] = card(face)
    result = await verify(runner, jpeg(photograph, quality=90), astronaut)
    assert result.face_match


async def test_a_document_of_somebody_else(runner: DocumentRunner, face: Pixels, media: Path) -> None:
    result = await verify(runner, png(card(face)), (media / "biden.jpg").read_bytes())
    assert not result.face_match
    assert result.score < result.threshold
    assert result.confidence > 0.6
    assert result.ocr_fields == ERIKSSON


async def test_another_photograph_of_the_same_person(runner: DocumentRunner, media: Path) -> None:
    """Printed is the face of one portrait, live is another portrait."""
    printed = portrait((media / "obama.jpg").read_bytes(), (320, 40, 680, 490))
    result = await verify(runner, png(card(printed)), (media / "obama2.jpg").read_bytes())
    assert result.face_match


async def test_the_image_without_a_face_is_named(
    runner: DocumentRunner, face: Pixels, astronaut: bytes
) -> None:
    with pytest.raises(NoFace, match=r"^id_image_b64: "):
        await verify(runner, BLANK, astronaut)
    with pytest.raises(NoFace, match=r"^face_image_b64: "):
        await verify(runner, png(card(face)), BLANK)
    with pytest.raises(BadPicture, match=r"^face_image_b64: "):
        await verify(runner, png(card(face)), b"no image")


async def test_a_crowd_before_the_camera_is_told(runner: DocumentRunner, face: Pixels, media: Path) -> None:
    result = await verify(runner, png(card(face)), (media / "two_people.jpg").read_bytes())
    assert result.warnings == ["several_faces_in_face_image"]
