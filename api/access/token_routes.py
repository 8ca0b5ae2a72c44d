"""``/tokens`` and ``/tickets``: how a service and its pages get in.

Nobody gives away what they do not have: a token is made for sessions and scopes of who asks for it, a ticket
for a path that its bearer may read.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web
from yarl import URL

from argusd.scheduler.contract.access.tokens import SessionTicket, SessionToken, TicketRequest, TokenRequest
from argusd.scheduler.contract.errors import InvalidField

from ..config import Scope
from ..context import CONTEXT
from ..http.envelope import json_reply, read_json
from ..http.route import Route
from .admitted import GRANT, target
from .tickets import LIFE_S, Ticket

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NO_TICKET = "The path must be one that GET takes and that needs a token; /openapi.json lists them."


async def make_token(request: web.Request) -> web.Response:
    """Make a session token, with which a browser may publish, watch or ask for tasks in one session."""
    asked = await read_json(request, TokenRequest)
    grant = request[GRANT]
    grant.check_session(asked.session_id)
    for scope in asked.scopes:
        grant.check_scope(scope)
    tokens = request.app[CONTEXT].session_tokens
    expires_at = int(tokens.now()) + asked.expires_in_s
    token = await tokens.make(asked.session_id, asked.scopes, expires_at)
    return json_reply(SessionToken(token, expires_at), 201)


async def withdraw_tokens(request: web.Request) -> web.Response:
    """End every session token that was made so far, as when one has leaked."""
    await request.app[CONTEXT].session_tokens.withdraw()
    return web.Response(status=204)


def ticket_handler(routes: Iterable[Route]) -> Handler:
    """The handler of ``POST /tickets``; ``routes``: those that a ticket may be for."""
    scopes: Mapping[object, Scope | None] = {
        route.handler: route.scope for route in routes if route.method == "GET" and not route.public
    }

    async def make_ticket(request: web.Request) -> web.Response:
        """Make a ticket: it opens one GET of one path, once, as ``?ticket=``, for who can send no header."""
        asked = await read_json(request, TicketRequest)
        meant = request.clone(method="GET", rel_url=URL(asked.path))
        match = await request.app.router.resolve(meant)
        if match.handler not in scopes:
            raise InvalidField(NO_TICKET)
        grant = request[GRANT]
        if (scope := scopes[match.handler]) is not None:
            grant.check_scope(scope)
        session_id = match.get("session_id")
        grant.check_session(session_id)
        context = request.app[CONTEXT]
        stamp = await context.stamps.of(session_id) if session_id else None
        expires_at = context.session_tokens.now() + LIFE_S
        text = await context.tickets.issue(Ticket(target(meant), grant.principal, stamp=stamp))
        return json_reply(SessionTicket(text, expires_at), 201)

    return make_ticket
