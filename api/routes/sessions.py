"""Sessions: what is asked for them, how they are, and what is known of them now."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.results import Results
from argusd.scheduler.contract.sessions import SessionBody, SessionList, SessionView

from ..http.route import Route
from ..sessions.session_routes import (
    delete_session,
    get_results,
    get_session,
    list_sessions,
    put_session,
)
from .refusals import BODY_ERRORS

SESSION_ROUTES = (
    Route("GET", "/sessions", list_sessions, {200: SessionList}),
    Route(
        "PUT",
        "/sessions/{session_id}",
        put_session,
        {200: SessionView, 201: SessionView},
        body=SessionBody,
        refusals=(
            *BODY_ERRORS,
            errors.NoReference,
            errors.Overloaded,
            errors.Draining,
            errors.StoreUnavailable,
        ),
        way="placed",
        scope="admin",
    ),
    Route(
        "GET",
        "/sessions/{session_id}",
        get_session,
        {200: SessionView},
        refusals=(errors.SessionNotFound,),
        way="holder",
    ),
    Route(
        "DELETE",
        "/sessions/{session_id}",
        delete_session,
        {204: None},
        refusals=(errors.SessionNotFound, errors.SessionActive, errors.StoreUnavailable),
        way="holder",
        scope="admin",
    ),
    Route(
        "GET",
        "/sessions/{session_id}/results",
        get_results,
        {200: Results},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
    ),
)
