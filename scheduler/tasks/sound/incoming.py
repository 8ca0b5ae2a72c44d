"""Containers of sound that still come, decoded in a process of its own: ``python -m …incoming``.

Whoever started the process writes messages to it, a 32-bit length (big-endian) before each, and reads i16
samples at 16 kHz, mono. A message that begins as a file begins ends the file before it. The process ends with
its input; where it cannot go on it says why on stderr, in a sentence for the sender. What a sender's bytes do
to a decoder they do to this process alone.
"""

import sys
from collections.abc import Iterator
from typing import BinaryIO

from argusd.kernels.file_kinds import file_kind

from ...contract.errors import BadAudio, ServiceError
from . import decoding, mix
from .apart import alone
from .containers import COMING, LENGTH, REFUSED
from .decoding import Samples

# Kinds of which any part may begin as the whole does: frames, packets, fragments.
ALIKE_ALL_ALONG = ("MP3", "ADTS AAC", "MPEG-TS", "Ogg", "MP4")
# …unless it begins so: the first page of an Ogg stream (RFC 3533, 6), the box with an MP4's brand.
OGG_FLAGS, OGG_FIRST = 5, 0x02


def begins_file(message: bytes) -> bool:
    """Whether a file of sound begins here, rather than going on."""
    kind = file_kind(message)
    if kind == "Ogg":
        return len(message) > OGG_FLAGS and bool(message[OGG_FLAGS] & OGG_FIRST)
    if kind == "MP4":
        return message[4:8] == b"ftyp"
    return kind in COMING and kind not in ALIKE_ALL_ALONG


class Incoming:
    """Messages as files to read from. Reading waits for what comes."""

    def __init__(self, source: BinaryIO) -> None:
        self.kind: str | None = None
        self._source = source
        self._message = b""
        self._at = 0
        self._first = True

    def files(self) -> Iterator["Incoming"]:
        """One file after another, each to be read to its end."""
        while self._at < len(self._message) or self._take():
            self.kind = file_kind(self._message)
            self._first = True
            yield self

    def read(self, size: int) -> bytes:
        """What there is, up to ``size`` bytes; nothing at the end of this file."""
        if self._at == len(self._message) and not self._take():
            return b""
        if self._at == 0 and not self._first and begins_file(self._message):
            return b""
        self._first = False
        part = self._message[self._at : self._at + size]
        self._at += len(part)
        return part

    def _take(self) -> bool:
        """Wait for a message that is not empty."""
        self._message, self._at = b"", 0
        while not self._message:
            length = self._source.read(LENGTH)
            if len(length) < LENGTH:
                return False
            self._message = self._source.read(int.from_bytes(length, "big"))
        return True


def decode(source: BinaryIO) -> Iterator[Samples]:
    """i16 ``[n]`` samples of all files that come, as they come.

    Raises:
        BadAudio: a file cannot be decoded.
    """
    for file in Incoming(source).files():
        if file.kind is None or file.kind not in COMING:
            raise BadAudio("The sound goes on as something else than it began.")
        yield from mix.live(decoding.channels(file, file.kind))
        while file.read(1 << 16):  # whatever lies behind the last packet
            pass


def main() -> int:
    """Decode stdin to stdout."""
    alone()
    try:
        for samples in decode(sys.stdin.buffer):
            sys.stdout.buffer.write(samples.tobytes())
            sys.stdout.buffer.flush()
    except ServiceError as error:
        sys.stderr.write(str(error))
        return REFUSED
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
