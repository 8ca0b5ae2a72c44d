"""Where an error came from, without what it was about.

A message may quote what was seen or read (``invalid literal for int(): 'DOE'``), and locals are pictures and
embeddings. So logs get the types of an error and of its causes, and the lines of code that they came through.
"""

import logging
import traceback
from collections.abc import Iterator


def log_fault(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log what failed, and the error's traceback."""
    log.error("%s:\n%s", what, traceback_of(error))


def traceback_of(error: BaseException) -> str:
    """The error's traceback, causes first; no messages, no values."""
    parts = [_one(each) for each in reversed(list(_with_causes(error)))]
    return "which led to:\n".join(parts).rstrip()


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    told: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in told:
        told.add(id(cause))
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _one(error: BaseException) -> str:
    frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
    return f"{frames}{type(error).__qualname__}\n"
