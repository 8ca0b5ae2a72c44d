"""Which session the work at hand is about, for logs alone: everything begun inside inherits it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SESSION: ContextVar[str] = ContextVar("session", default="")
"""The id of the session, as its sender wrote it; empty where the work is about none, or about many."""


@contextmanager
def about(session_id: str) -> Iterator[None]:
    """What is logged until the context ends, and by the tasks that are begun in it, is about this session."""
    token = SESSION.set(session_id)
    try:
        yield
    finally:
        SESSION.reset(token)
