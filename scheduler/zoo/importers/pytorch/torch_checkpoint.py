"""Read a PyTorch checkpoint as NumPy arrays, without PyTorch and without running anything that it holds.

torch.save has written two forms. Since 1.6 it is a ZIP archive of uncompressed members, all in one folder:
``data.pkl``, which names storages, and each storage's bytes as ``data/KEY``. Before, it was a row of pickles:
a magic number, a version, the machine's properties, the content, the keys of its storages; then for each of
them the number of its elements (i64) and their bytes. Both are little-endian on what we run on.
"""

import io
import pickle
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ImportFailedError
from .pickled import Array, StandIn, TensorUnpickler

Weights = dict[str, NDArray[np.float32]]

ARCHIVE = b"PK\x03\x04"
ROW_OF_PICKLES = 0x1950A86A20F9469CFC6C


class Ignored:
    """Stands for an object that lies beside the weights; whatever it was made with is thrown away."""

    def __new__(cls, *args: object) -> "Ignored":  # noqa: ARG004
        """Take any arguments."""
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        """Keep nothing."""


def read_weights(content: bytes, key: str | None = None, ignored: Sequence[str] = ()) -> Weights:
    """Return the tensors of a state dictionary by name, float32.

    :param key: where the dictionary lies in the checkpoint; None: the checkpoint is the dictionary.
    :param ignored: full names of classes whose instances lie beside the dictionary. They are not imported.
    :raises ImportFailedError: when the file is no checkpoint, or holds more than plain values and tensors.
    """
    checkpoint = load_checkpoint(content, lambda name: Ignored if name in ignored else None)
    state = checkpoint if key is None else checkpoint.get(key)
    if not isinstance(state, Mapping):
        raise ImportFailedError(f"the checkpoint holds no state dictionary {key!r}")
    return {name: held.astype(np.float32) for name, held in state.items() if isinstance(held, np.ndarray)}


def load_checkpoint(content: bytes, stand_in: StandIn) -> Mapping[str, Any]:
    """Return what a checkpoint holds, its tensors as arrays of their own type.

    :param stand_in: says which class of ours stands for a name in the file.
    :raises ImportFailedError: when the file is no checkpoint, or names other classes.
    """
    read = _read_archive if content.startswith(ARCHIVE) else _read_row
    try:
        checkpoint = read(content, stand_in)
    except Exception as error:  # what damaged pickles and archives raise is not bounded
        raise ImportFailedError(f"not a usable PyTorch checkpoint: {type(error).__name__}") from error
    if not isinstance(checkpoint, Mapping):
        raise ImportFailedError("the checkpoint holds no state dictionary")
    return checkpoint


def _read_archive(content: bytes, stand_in: StandIn) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {each.filename.partition("/")[2]: each for each in archive.infolist()}
        if len(members) < len(archive.infolist()) or any(each.compress_type for each in members.values()):
            raise zipfile.BadZipFile("no archive of torch.save's")

        def storage(key: str, kind: str, size: int) -> Array:
            return np.frombuffer(archive.read(members[f"data/{key}"]), kind, size)

        file = io.BytesIO(archive.read(members["data.pkl"]))
        return TensorUnpickler(file, stand_in, storage).load()


def _read_row(content: bytes, stand_in: StandIn) -> Any:
    file = io.BytesIO(content)
    storages: dict[str, Array] = {}

    def storage(key: str, kind: str, size: int) -> Array:
        """The storage's place: its bytes come after the pickles."""
        if key not in storages:
            if not 0 <= size <= len(content):
                raise pickle.UnpicklingError("a storage is larger than the file")
            storages[key] = np.zeros(size, kind)
        return storages[key]

    def load() -> Any:
        return TensorUnpickler(file, stand_in, storage).load()

    if load() != ROW_OF_PICKLES:
        raise pickle.UnpicklingError("no file of torch.save's")
    _version, _machine, checkpoint, keys = load(), load(), load(), load()
    for key in keys:
        (size,) = struct.unpack("<q", file.read(8))
        held = storages[key]
        held[:] = np.frombuffer(file.read(held.nbytes), held.dtype, size)
    return checkpoint
