"""Decodes a caller's container in a process of its own: ``python -m …apart KIND [RATE]``.

Files have been found that end the process that decodes them, from within FFmpeg; others need gigabytes or
minutes. Here that costs the file its answer, and nobody else anything. The container comes as a file on
stdin, samples leave on stdout; where there are none, the error's code and sentence leave on stderr.
"""

import contextlib
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ...contract.errors import BadAudio, DeadlineExceeded, ServiceError, error_of
from ...orphans import end_with_parent
from .containers import REFUSED
from .decoding import Samples
from .recording import decode_recording

ASK_EVERY_S = 0.2  # whether somebody still waits

log = logging.getLogger(__name__)


def decode_apart(data: bytes, kind: str, rate: int | None, given_up: Callable[[], bool]) -> Samples:
    """``decode_recording`` in another process, which is ended once ``given_up``.

    Raises:
        DeadlineExceeded: it was given up.
        BadAudio, AudioTooLong: as ``decode_recording``; the first also where the process did not survive.
    """
    command = [sys.executable, "-P", "-m", __spec__.name, kind, *([] if rate is None else [str(rate)])]
    with (
        open(os.memfd_create("sound"), "w+b") as file,
        subprocess.Popen(
            command,
            stdin=_holding(file, data),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C on the terminal is for us
        ) as process,
    ):
        try:
            samples, said = _communicate(process, given_up)
        finally:
            process.kill()
    if not process.returncode:
        return np.frombuffer(samples, np.int16)
    code, _, sentence = said.decode(errors="replace").partition("\n")
    if process.returncode == REFUSED:
        raise error_of(code, sentence)
    log.warning("a decoder of %s ended with code %d", kind, process.returncode)
    raise BadAudio(f"The {kind} file cannot be decoded.")


def _holding(file: BinaryIO, data: bytes) -> BinaryIO:
    """A file with these bytes still to be read. A pipe would have to be written while others are read."""
    file.write(data)
    file.seek(0)
    return file


def _communicate(process: "subprocess.Popen[bytes]", given_up: Callable[[], bool]) -> tuple[bytes, bytes]:
    while True:
        try:
            return process.communicate(timeout=ASK_EVERY_S)
        except subprocess.TimeoutExpired:
            if given_up():
                raise DeadlineExceeded("The sound was not decoded in time.") from None


def alone() -> None:
    """Where memory runs out this process goes, and no other; it goes with whoever waits for it."""
    end_with_parent()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def main(kind: str, rate: str | None = None) -> int:
    """Decode stdin to stdout."""
    alone()
    try:
        samples = decode_recording(sys.stdin.buffer.read(), kind, None if rate is None else int(rate))
    except ServiceError as error:
        sys.stderr.write(f"{error.code}\n{error}")
        return REFUSED
    sys.stdout.buffer.write(samples.tobytes())
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
