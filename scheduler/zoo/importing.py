"""Runs a model's importer and records what it was made from, so that a changed importer imports again."""

import importlib.metadata
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ..contract.wording.undecodable import UNDECODABLE
from .first_seen import expected_sha256
from .layout import CacheLayout, file_sha256, place
from .manifest import ModelEntry

if TYPE_CHECKING:
    import onnx


class ImportRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an imported model was made from, and its own SHA-256 (which depends on the onnx library)."""

    importer: str
    importer_version: int
    outputs: tuple[str, ...]
    sources: dict[str, str]
    onnx_version: str
    sha256: str


class Importer(NamedTuple):
    """A conversion and the version of its result.

    ``convert`` imports what it takes when it is called: a cache that is complete needs none of that.
    """

    version: int
    convert: Callable[[ModelEntry, Mapping[str, bytes]], "onnx.ModelProto"]


def _convert_tflite(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.tflite.tflite_model import import_tflite

    return import_tflite(files[entry.files[0].name], entry.outputs)


def _convert_tfjs(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.tfjs.tfjs_model import import_tfjs

    return import_tfjs(files[entry.files[0].name], files, entry.outputs)


def _convert_centernet(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.tfjs.centernet import import_centernet

    return import_centernet(files[entry.files[0].name], files, entry.outputs)


def _convert_ge2e(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.pytorch.ge2e import import_ge2e

    return import_ge2e(files[entry.files[0].name])


def _convert_wespeaker(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.pytorch.wespeaker import import_wespeaker

    return import_wespeaker(files[entry.files[0].name])


def _convert_scrfd(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.onnx_graphs.scrfd import import_scrfd

    return import_scrfd(files[entry.files[0].name])


def _convert_arcface(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.onnx_graphs.arcface import import_arcface

    return import_arcface(files[entry.files[0].name])


def _convert_facenet(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.pytorch.facenet import import_facenet

    return import_facenet(files[entry.files[0].name])


def _convert_mtcnn(_entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.pytorch.mtcnn import import_mtcnn

    return import_mtcnn(files)


def _convert_yolov8(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.pytorch.yolov8 import import_yolov8

    return import_yolov8(files[entry.files[0].name])


def _convert_dfine(_entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.pytorch.dfine import import_dfine

    return import_dfine(files)


def _convert_syncnet(entry: ModelEntry, files: Mapping[str, bytes]) -> "onnx.ModelProto":
    from .importers.pytorch.syncnet import import_syncnet

    return import_syncnet(files[entry.files[0].name])


IMPORTERS: Mapping[str, Importer] = {
    "tflite": Importer(2, _convert_tflite),
    "tfjs": Importer(2, _convert_tfjs),
    "centernet": Importer(1, _convert_centernet),
    "ge2e": Importer(1, _convert_ge2e),
    "wespeaker": Importer(1, _convert_wespeaker),
    "scrfd": Importer(1, _convert_scrfd),
    "arcface": Importer(1, _convert_arcface),
    "facenet": Importer(1, _convert_facenet),
    "mtcnn": Importer(1, _convert_mtcnn),
    "yolov8": Importer(1, _convert_yolov8),
    "dfine": Importer(1, _convert_dfine),
    "syncnet": Importer(1, _convert_syncnet),
}
"""Raise a version when the same source would give another model: caches then import again."""


def is_current(layout: CacheLayout, entry: ModelEntry) -> bool:
    """Say whether the cache holds what today's importer would make of the manifest's files."""
    record = read_record(layout, entry)
    return (
        record is not None
        and layout.imported(entry).is_file()
        and record.importer == entry.importer
        and record.importer_version == IMPORTERS[entry.importer].version
        and record.outputs == entry.outputs
        and record.sources == _hashes(layout, entry)
    )


def read_record(layout: CacheLayout, entry: ModelEntry) -> ImportRecord | None:
    """Return the record of the last import; None where there is none that can be read."""
    try:
        return msgspec.json.decode(layout.record(entry).read_bytes(), type=ImportRecord)
    except (*UNDECODABLE, FileNotFoundError, NotADirectoryError):
        return None


def import_model(layout: CacheLayout, entry: ModelEntry) -> None:
    """Convert the published files of an entry, which are in the cache, to ONNX.

    :raises ImportFailedError: when they cannot be converted.
    """
    importer = IMPORTERS[entry.importer]
    files = {file.name: layout.file(entry, file).read_bytes() for file in entry.files}
    model = importer.convert(entry, files)
    half_done = layout.work / f"{entry.name}.{os.getpid()}"
    half_done.write_bytes(model.SerializeToString(deterministic=True))
    record = ImportRecord(
        importer=entry.importer,
        importer_version=importer.version,
        outputs=entry.outputs,
        sources=_hashes(layout, entry),
        onnx_version=importlib.metadata.version("onnx"),
        sha256=file_sha256(half_done),
    )
    # The model first: a record without its model would call the old model current.
    place(half_done, layout.imported(entry))
    _write_record(half_done, layout.record(entry), record)


def _write_record(half_done: Path, target: Path, record: ImportRecord) -> None:
    half_done.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))
    place(half_done, target)


def _hashes(layout: CacheLayout, entry: ModelEntry) -> dict[str, str]:
    folder = layout.folder(entry)
    return {file.name: expected_sha256(folder, file) or file.sha256 for file in entry.files}
