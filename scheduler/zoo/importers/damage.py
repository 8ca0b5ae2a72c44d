"""One place that says what a damaged source file looks like from inside a parser."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ImportFailedError

# What the flatbuffer readers, NumPy and the ONNX helpers raise on values that cannot be.
_DAMAGE = (
    struct.error,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    ArithmeticError,
    MemoryError,
)


@contextmanager
def damage_is_import_failure(kind: str) -> Iterator[None]:
    """Turn whatever a parser raises on damaged input into one ImportFailedError.

    :param kind: what the source should have been, for the sentence.
    """
    try:
        yield
    except _DAMAGE as error:
        raise ImportFailedError(f"not a usable {kind}: {type(error).__name__}: {error}") from error
