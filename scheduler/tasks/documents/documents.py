"""The text of a picture; an identity document's fields, and whose face is on it."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial

import msgspec
import numpy as np

from ...contract.errors import (
    BadPicture,
    LanguageUnsupported,
    ModelUnavailable,
    NoFace,
    PictureTooLarge,
)
from ...contract.roles import FACE_EMBEDDER, OCR
from ...contract.tasks.documents import (
    DOC_ID_VERIFY,
    DOC_OCR,
    Block,
    DocIdVerify,
    DocIdVerifyReply,
    DocOcr,
    DocOcrReply,
    OcrFields,
)
from ...embeddings import verdict
from ...models.outputs import Box, TextBlock
from ...models.page_layout import Piece, quarters_of, text_lines
from ...models.roles import TextReader
from ...zoo.errors import ZooError
from ..faces import embed_largest, see_face
from ..found_faces import find_faces
from ..functions import performs
from ..giving_up import giving_up
from ..pictures import decode_picture
from ..runner import Picture, Runner
from .fields import read_fields, zone_doubts
from .mrz import Mrz
from .zone_reading import with_zone

LANGUAGE = "en"  # where neither the caller nor the configuration names one
RELIABLE = 0.95  # confidence; of lines drawn ever smaller 2 of 60 below it are right, 165 of 259 above it


@performs(DOC_OCR)
async def doc_ocr(payload: DocOcr, runner: Runner) -> DocOcrReply:
    """The text of the image.

    Raises:
        ServiceError: ``bad_image``, ``image_too_large``, ``language_unsupported``, ``model_unavailable``.
    """
    picture = await runner.compute(partial(decode_picture, payload.image_b64))
    language = LANGUAGE if payload.language is None else payload.language
    read, zone = await _read(picture, language, runner)
    text = "\n".join(" ".join(piece.text for piece in line) for line in _lines(read))
    blocks = [_block(block, picture) for block in read]
    doubts = zone_doubts(zone) if zone else []
    doubts += ["doubtful_text"] * any(block.doubtful for block in blocks)
    return DocOcrReply(text, blocks, language, doubts)


@performs(DOC_ID_VERIFY)
async def doc_id_verify(payload: DocIdVerify, runner: Runner) -> DocIdVerifyReply:
    """The document's fields, and whether the face on it is the live one.

    Raises:
        ServiceError: as ``doc_ocr`` and ``face_embed``; the sentence names the image.
    """
    model = runner.model(FACE_EMBEDDER)
    with _naming("id_image_b64"):
        document = await runner.compute(partial(decode_picture, payload.id_image_b64))
    with _naming("face_image_b64"):
        live = await see_face(payload.face_image_b64, runner)
    language = LANGUAGE if payload.language is None else payload.language
    blocks, zone = await _read(document, language, runner)
    with _naming("id_image_b64"):
        upright = await runner.compute(partial(_turned_upright, document, blocks))
        printed = await embed_largest(await find_faces(upright, runner), upright, runner)
    pieces = [_piece(block) for block in blocks]
    fields = await runner.compute(partial(read_fields, pieces, _today(), zone))
    values = OcrFields(fields.name, fields.born, fields.number)
    read = {name: value for name, value in msgspec.structs.asdict(values).items() if value}
    threshold = model.threshold if payload.threshold is None else payload.threshold
    found = verdict(live.embedding, printed.embedding, threshold)
    crowd = ["several_faces_in_face_image"] if live.face_count > 1 else []
    return DocIdVerifyReply(
        face_match=found.match,
        ocr_fields=values,
        checks={name: fields.proofs.get(name, "unproved") for name in read},
        warnings=[*fields.warnings, *crowd],
        score=found.score,
        confidence=found.confidence,
        threshold=found.threshold,
    )


async def _read(picture: Picture, language: str, runner: Runner) -> tuple[list[TextBlock], Mrz | None]:
    """The text, in which the lines of a machine-readable zone are as its standard has them; and the zone."""
    model: TextReader = runner.model(OCR)
    languages = [code.strip() for code in language.split(",")]
    if unknown := [code for code in languages if code not in model.languages]:
        known = ", ".join(sorted(model.languages))
        raise LanguageUnsupported(f"The language {unknown[0][:16]!r} cannot be read; these can: {known}.")
    with giving_up() as given_up:  # others wait for their pages
        try:
            blocks = await runner.compute(partial(model.read, picture.bgr, languages, given_up))
            return await runner.compute(
                partial(with_zone, blocks, picture.bgr, model.zone_steps, given_up, _today())
            )
        except ZooError as error:
            raise ModelUnavailable(f"The language {language} cannot be read here: {error}.") from error


def _turned_upright(picture: Picture, blocks: Sequence[TextBlock]) -> Picture:
    """Turned by the quarters that its text is: a face on its side is none, or another one's."""
    quarters = quarters_of([block.corners for block in blocks])
    return Picture(np.ascontiguousarray(np.rot90(picture.bgr, quarters))) if quarters else picture


def _lines(blocks: Sequence[TextBlock]) -> list[tuple[Piece, ...]]:
    return [tuple(line) for line in text_lines([_piece(block) for block in blocks])]


def _piece(block: TextBlock) -> Piece:
    return Piece(block.text, block.upright)


def _today() -> date:
    return datetime.now(UTC).date()


def _block(block: TextBlock, picture: Picture) -> Block:
    low, high = block.corners.min(axis=0).tolist(), block.corners.max(axis=0).tolist()
    box = Box(*low, *high).in_unit(picture.width, picture.height)
    return Block(block.text, round(block.confidence, 3), box, doubtful=block.confidence < RELIABLE)


@contextlib.contextmanager
def _naming(field: str) -> Iterator[None]:
    """Say which of several images an error is about."""
    try:
        yield
    except (NoFace, BadPicture, PictureTooLarge) as error:
        raise type(error)(f"{field}: {error}") from error
