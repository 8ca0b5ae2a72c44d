"""How a path of the api is described."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from aiohttp import web

from argusd.scheduler.contract.errors import ServiceError

from ..config import Scope
from ..hosts.door import Way

EVENT_STREAM = "text/event-stream"


class Route(NamedTuple):
    """One method of one path; the handler's docstring says what it does.

    ``body`` and the values of ``replies`` (status → what comes back) are a type sent as JSON, or the content
    type of a text, one of several such, or None. ``refusals``: the errors particular to it. ``public``: needs
    no token. ``scope``: which one a token needs, where one is needed; None: any.
    ``headers`` and ``query``: optional parameters, and the type of each; ``parts``: the types of what the
    path holds beside a session's id. ``refusal``: a body that errors may have instead of the usual one.
    ``uploads``: the body's fields may come as a form or a file as well (``tasks/uploads.py``).
    ``way``: which of several hosts answers.
    ``session_in_body``: the handler itself asks whether the token is for the session that the body names.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    replies: Mapping[int, type | str | tuple[type | str, ...] | None]
    body: type | str | None = None
    refusals: tuple[type[ServiceError], ...] = ()
    public: bool = False
    scope: Scope | None = "watch"
    uploads: bool = False
    session_in_body: bool = False
    way: Way = "any"
    headers: Mapping[str, Any] = {}
    query: Mapping[str, Any] = {}
    parts: Mapping[str, Any] = {}
    refusal: type | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """What the path takes for it: who may get an answer may ask for its head alone (RFC 9110, 9.3.2).

        What goes on until its caller leaves has no answer whose head could come alone.
        """
        goes_on = 101 in self.replies or EVENT_STREAM in self.replies.values()
        return ("GET", "HEAD") if self.method == "GET" and not goes_on else (self.method,)
