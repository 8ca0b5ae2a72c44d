"""Identity documents: the lines of the machine-readable zone, the fields, and the face on them."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

import msgspec

from .asking import Answer, Daemon
from .figures.tallies import Verdict
from .labels import Item

FIELDS = ("id_no", "name", "dob")


class Read(msgspec.Struct, frozen=True):
    """The answers about one document."""

    ocr: Answer
    verified: Answer


async def read(daemon: Daemon, item: Item, faces: Sequence[Path]) -> Read:
    """Read it, and hold it against its own face; one without against the first of the others'."""
    document = item.path.read_bytes()
    ocr = await daemon.task("doc_ocr", image_b64=document, language="en")
    face = item.path if item.faces != 0 else next(iter(faces), item.path)
    verified = await daemon.task(
        "doc_id_verify", id_image_b64=document, face_image_b64=face.read_bytes(), language="en"
    )
    return Read(ocr, verified)


def judge(item: Item, read: Read) -> Iterator[Verdict]:
    """Lines and fields exactly; a field that is another one is false, and the right one missed.

    A document without a face is refused by ``doc_id_verify``, which tells no fields then: they are left out.
    """
    lines = [_letters(line) for line in read.ocr.get("text", "").splitlines()]
    for line in item.mrz:
        nearest = max(lines, key=lambda each: SequenceMatcher(None, line, each, False).ratio(), default="")
        yield _verdict(item, "document.mrz_line", True, line in lines, f"is {line}, said {nearest}", True)
    if item.faces != 0:
        match, why = bool(read.verified.get("face_match")), f"score {read.verified.get('score')}"
        yield _verdict(item, "document.own_face", True, match, why, True)
    said = read.verified.get("ocr_fields") or {}
    for field in FIELDS if item.fields is not None else ():
        if item.faces == 0:
            yield _verdict(item, f"document.{field}", None, False, "a document without a face is refused")
        else:
            yield from _field(item, field, item.fields[field] if item.fields else None, said.get(field))


def _field(item: Item, field: str, is_: str | None, said: str | None) -> Iterator[Verdict]:
    finding, why = f"document.{field}", f"is {is_}, said {said}"
    right = bool(is_) and bool(said) and _same(field, is_ or "", said or "")
    if said and not right:
        yield _verdict(item, finding, False, True, why)
    if is_:
        yield _verdict(item, finding, True, right, why)
    elif not said:
        yield _verdict(item, finding, False, False, why)


def _verdict(
    item: Item, finding: str, there: bool | None, told: bool, why: str, exact: bool = False
) -> Verdict:
    return Verdict(
        finding=finding, item=item.file, there=there, told=told, why=why, exact=exact, sure=item.sure
    )


def _same(field: str, one: str, other: str) -> bool:
    """Names in whatever order; all else letter by letter, without what stands between them."""
    if field == "name":
        return _words(one) == _words(other)
    return _letters(one) == _letters(other)


def _words(name: str) -> list[str]:
    return sorted(re.findall(r"[A-Z0-9]+", name.upper()))


def _letters(text: str) -> str:
    return re.sub(r"[^A-Z0-9<]", "", text.upper())
