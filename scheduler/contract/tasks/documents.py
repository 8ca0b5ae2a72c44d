"""Tasks about documents: the text of a page, and whether an identity document is its bearer's."""

from typing import Literal

import msgspec

from ..roles import OCR
from .faces import FACE_ROLES
from .spec import Image, Payload, Reply, TaskPath, TaskSpec, Unit


class DocOcr(Payload, frozen=True):
    """The text of an image.

    ``language``: ISO 639-1 codes, comma-separated; left out, the daemon's own choice.
    """

    image_b64: Image
    language: str | None = None


class Block(msgspec.Struct, frozen=True):
    """Text that stands together.

    ``confidence``: how sure the reader is of a character, on average. ``doubtful``: too unsure to rely on.
    """

    text: str
    confidence: Unit
    box: list[float]
    doubtful: bool = False


class DocOcrReply(Reply, frozen=True):
    """``text``: a line of it for a line on the page; a machine-readable zone's as its standard has them.

    ``warnings``: stable words, ``mrz_check_failed:FIELD``, ``mrz_corrected:number``, and ``doubtful_text``
    where any block is.
    """

    text: str
    blocks: list[Block]
    language: str
    warnings: list[str] = msgspec.field(default_factory=list)


class DocIdVerify(Payload, frozen=True):
    """An identity document against a live face: the fields, and whether the faces match."""

    id_image_b64: Image
    face_image_b64: Image
    language: str | None = None
    threshold: Unit | None = None


class OcrFields(msgspec.Struct, frozen=True):
    """A document's fields, null where one was not found. ``dob``: the date of birth, ISO 8601."""

    name: str | None
    dob: str | None
    id_no: str | None


class DocIdVerifyReply(Reply, frozen=True):
    """The faces' verdict (see ``FaceVerifyReply``) and the document's fields.

    ``checks``: of each field that was found, whether check digits prove it. ``warnings``: stable words, see
    ``documents.fields.DocumentFields``.
    """

    face_match: bool
    ocr_fields: OcrFields
    checks: dict[str, Literal["proved", "unproved", "failed"]]
    warnings: list[str]
    score: Unit
    confidence: Unit
    threshold: Unit


DOC_ID_VERIFY = TaskSpec(
    name="doc_id_verify",
    payload=DocIdVerify,
    reply=DocIdVerifyReply,
    domain="doc",
    tier="bulk",
    paths=(TaskPath("/doc/id-verify"),),
    roles=(OCR, *FACE_ROLES),
)
DOC_OCR = TaskSpec(
    name="doc_ocr",
    payload=DocOcr,
    reply=DocOcrReply,
    domain="doc",
    tier="bulk",
    paths=(TaskPath("/doc/ocr"),),
    roles=(OCR,),
)
