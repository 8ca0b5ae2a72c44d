"""Events as they happen, and those before."""

from argusd.scheduler.contract import errors

from ..events.cursor import Position
from ..events.sse import all_events, session_events
from ..http.route import EVENT_STREAM, Route
from .refusals import EVENT_ERRORS

EVENT_ROUTES = (
    Route(
        "GET",
        "/sessions/{session_id}/events",
        session_events,
        {200: EVENT_STREAM},
        refusals=(errors.SessionNotFound, *EVENT_ERRORS),
        headers={"Last-Event-ID": Position},
        query={"after": Position},
    ),
    Route(
        "GET",
        "/events",
        all_events,
        {200: EVENT_STREAM},
        refusals=EVENT_ERRORS,
        headers={"Last-Event-ID": Position},
        query={"after": Position},
    ),
)
