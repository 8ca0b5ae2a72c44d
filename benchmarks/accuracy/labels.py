"""The labels of a folder of media: what is there to be found. ``docs/accuracy.md`` describes the file."""

import csv
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar, get_args

import msgspec

from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from ..harness import NotMeasurable

FILE = "labels.csv"
MANY = 99  # more than anybody counts


class Unsure(Enum):
    """``?``: who labelled could not tell. It is left out, and counted as that."""

    UNSURE = "?"


UNSURE = Unsure.UNSURE
Kind = Literal["image", "video", "audio", "document"]
Count = int | Unsure | None  # None: not labelled
Flag = bool | Unsure | None
Value = TypeVar("Value")


class Span(NamedTuple):
    """Something lasts from one second of the media to another; None: to their end. ``side``: of a gaze."""

    begin_s: float
    end_s: float | None
    side: str = ""


class Spans(NamedTuple):
    """Of one finding: where it is, and where it may or may not be."""

    sure: tuple[Span, ...] = ()
    unsure: tuple[Span, ...] = ()


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One file, and what its row says of it; ``sure``: whether who labelled was sure of all of it."""

    file: str
    path: Path
    kind: Kind
    persons: Count = None
    faces: Count = None
    phone: Flag = None
    gaze: str | Unsure | None = None
    head_turned: Flag = None
    person_id: str | Unsure | None = None
    speaker_id: str | Unsure | None = None
    segments: Mapping[str, Spans] = {}
    speakers: Count = None
    rttm: Path | None = None
    mrz: tuple[str, ...] = ()
    fields: Mapping[str, str | None] | None = None
    sure: bool = True


class LabelsInvalid(NotMeasurable):
    """A labels file cannot be read; the sentence names the line, the column, and what may stand there."""


class _Odd(ValueError):
    """What may stand in a column."""


def read_labels(place: Path) -> list[Item]:
    """The items of ``place``: a labels file, or a folder that holds ``labels.csv``.

    Raises:
        LabelsInvalid: it is not there, or a row of it is not understood.
    """
    table = place / FILE if place.is_dir() else place
    found = Files(table.parent)
    try:
        with table.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            items = [_item(row, found, f"{table}, line {rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise LabelsInvalid(f"{table} cannot be read: {reason}") from error
    if not items:
        raise LabelsInvalid(f"{table} has no rows; docs/accuracy.md describes it")
    return items


class Files:
    """The files below a folder, by path and by name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_name: dict[str, list[Path]] = {}
        for path in folder.rglob("*"):
            self._by_name.setdefault(path.name, []).append(path)

    def find(self, name: str) -> Path:
        """The file at this path, or else the only one of this name."""
        if (self._folder / name).is_file():
            return self._folder / name
        paths = self._by_name.get(name, [])
        if len(paths) != 1:
            raise _Odd(f"a file below {self._folder}; there are {len(paths)} of this name")
        return paths[0]


def _item(row: Mapping[str, str | None], files: Files, line: str) -> Item:
    def read(column: str, parse: Callable[[str], Value], empty: Value) -> Value:
        text = (row.get(column) or "").strip()
        try:
            return parse(text) if text not in ("", "na") else empty
        except ValueError as error:
            raise LabelsInvalid(f"{line}: {column} is {text!r}; it may be {error}") from error

    for column in ("file", "kind"):
        if not row.get(column):
            raise LabelsInvalid(f"{line}: there is no {column}")
    return Item(
        file=read("file", str, ""),
        path=read("file", files.find, Path()),
        kind=read("kind", _kind, "image"),
        persons=read("persons", _count, None),
        faces=read("faces", _count, None),
        phone=read("phone", _flag, None),
        gaze=read("gaze", _gaze, None),
        head_turned=read("head_turned", _flag, None),
        person_id=read("person_id", _who, None),
        speaker_id=read("speaker_id", _who, None),
        segments=read("segments", _segments, {}),
        speakers=read("speakers", _count, None),
        rttm=read("rttm", files.find, None),
        mrz=read("mrz", lambda text: tuple(text.split("|")), ()),
        fields=read("mrz_fields", _fields, None),
        sure=read("sure", lambda text: text == "yes", True),
    )


def _kind(text: str) -> Kind:
    if text == "mrz":
        return "document"
    if text not in get_args(Kind):
        raise _Odd(f"one of {', '.join(get_args(Kind))}")
    return text  # type: ignore[return-value]


def _count(text: str) -> Count:
    if text == "?":
        return UNSURE
    if text == "many":
        return MANY
    if not text.isdecimal():
        raise _Odd("a number, many, ? or empty")
    return int(text)


def _flag(text: str) -> Flag:
    if text not in ("0", "1", "?"):
        raise _Odd("0, 1, ? or empty")
    return UNSURE if text == "?" else text == "1"


def _gaze(text: str) -> str | Unsure:
    if text == "?":
        return UNSURE
    if text not in ("center", "left", "right", "up", "down"):
        raise _Odd("center, left, right, up, down, ? or empty")
    return text


def _who(text: str) -> str | Unsure:
    return UNSURE if text.startswith("?") else text


def _segments(text: str) -> dict[str, Spans]:
    sure: dict[str, list[Span]] = {}
    unsure: dict[str, list[Span]] = {}
    for part in filter(None, text.split(";")):
        name, span = _segment(part.strip())
        (unsure if name.startswith("?") else sure).setdefault(name.lstrip("?"), []).append(span)
    return {name: Spans(tuple(sure.get(name, ())), tuple(unsure.get(name, ()))) for name in {*sure, *unsure}}


def _segment(part: str) -> tuple[str, Span]:
    try:
        times, label = part.split(":")
        begin, end = times.split("-")
        name, _, side = label.partition("/")
        return name, Span(float(begin), None if end == "A" else float(end), side)
    except ValueError:
        raise _Odd(f"START-END:FINDING;… in seconds, END being A for the end, not {part!r}") from None


def _fields(text: str) -> dict[str, str | None]:
    try:
        return msgspec.json.decode(text, type=dict[str, str | None])
    except UNDECODABLE:
        raise _Odd(
            'a JSON object such as {"id_no": "L898902C3", "name": "ERIKSSON ANNA", "dob": null}'
        ) from None
