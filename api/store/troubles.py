"""What keeps Redis from doing what it was asked, in our words: its own may quote what that was."""

from collections.abc import Sequence
from typing import NamedTuple

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
)


class Trouble(NamedTuple):
    """How it is known: by the client's class, or by what Redis says of it, be it from within a script."""

    kinds: tuple[type[Exception], ...]
    said: str
    sentence: str


TROUBLES: Sequence[Trouble] = (
    Trouble((OutOfMemoryError,), "OOM command not allowed", "Redis has no memory left (its maxmemory)"),
    Trouble((ReadOnlyError,), "read only replica", "Redis is a replica, which takes no writes"),
    Trouble((AuthenticationError,), "WRONGPASS", "Redis does not take the password of api.redis_url"),
    Trouble((NoPermissionError,), "NOPERM", "Redis does not let the user of api.redis_url do this"),
    Trouble((BusyLoadingError,), "LOADING", "Redis still loads what it has stored"),
    Trouble((), "MISCONF", "Redis cannot write to its disk"),
    Trouble((), "NOREPLICAS", "Redis has fewer replicas than its min-replicas-to-write"),
    Trouble((), "max number of clients reached", "Redis takes no more connections (its maxclients)"),
)
SILENT = "Redis does not answer"


def trouble(error: BaseException) -> str | None:
    """What an error means, as a sentence without its end; None where it is away, or for another reason."""
    text = str(error)
    return next(
        (each.sentence for each in TROUBLES if isinstance(error, each.kinds) or each.said in text), None
    )
