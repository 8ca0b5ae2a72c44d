"""Streams that take what commands print, whatever the shell is, and whether there may be colours."""

import contextlib
import io
import os
import sys


def open_streams() -> None:
    """Have stdout and stderr take whatever is said.

    What the shell's encoding lacks becomes an escape; what is said where one is closed (``>&-``) is gone.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """Let go what stdout still has: nobody takes it, and Python would complain of that as it ends."""
    with contextlib.suppress(OSError):  # it is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def coloured() -> bool:
    """Whether there may be colours: on a terminal that knows them, unless NO_COLOR says no (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
