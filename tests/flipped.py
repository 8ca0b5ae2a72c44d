"""Files of which one bit is another."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def flipped(path: Path, at: int, bit: int = 0) -> Iterator[None]:
    """A file with one bit of the byte at this place turned over, for as long as the context lasts."""
    content = path.read_bytes()
    path.write_bytes(content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1 :])
    try:
        yield
    finally:
        path.write_bytes(content)
