"""Every path of the api, described once: for the router, for authentication and for ``/openapi.json``."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.access.tokens import SessionTicket, TicketRequest

from ..access.token_routes import ticket_handler
from ..http.route import EVENT_STREAM, Route
from ..openapi.document import serve_document
from .access import ACCESS_ROUTES
from .events import EVENT_ROUTES
from .evidence import EVIDENCE_ROUTES
from .media import MEDIA_ROUTES
from .operations import OPERATION_ROUTES
from .pages import PAGE_ROUTES
from .refusals import BODY_ERRORS
from .reviews import REVIEW_ROUTES
from .sessions import SESSION_ROUTES
from .streams import STREAM_ROUTES
from .tasks import TASK_ROUTES

ROUTES: list[Route] = [
    *PAGE_ROUTES,
    *OPERATION_ROUTES,
    *ACCESS_ROUTES,
    *MEDIA_ROUTES,
    *SESSION_ROUTES,
    *REVIEW_ROUTES,
    *EVIDENCE_ROUTES,
    *EVENT_ROUTES,
    *TASK_ROUTES,
    *STREAM_ROUTES,
]
ROUTES.append(
    Route(
        "POST",
        "/tickets",
        ticket_handler(ROUTES),
        {201: SessionTicket},
        body=TicketRequest,
        refusals=(*BODY_ERRORS, errors.StoreUnavailable),
        session_in_body=True,
        scope=None,
    )
)
ROUTES.append(Route("GET", "/openapi.json", serve_document(ROUTES), {200: "application/json"}, public=True))

FOLLOWED = frozenset[object](route.handler for route in ROUTES if EVENT_STREAM in route.replies.values())
"""The handlers whose answers go on until their caller leaves."""
