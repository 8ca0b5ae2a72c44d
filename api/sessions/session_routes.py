"""``/sessions``: what is watched, and what is known of it."""

from typing import Any

from aiohttp import web

from argusd.scheduler.contract.sessions import SessionBody, SessionList, SessionSpec, SessionView

from ..context import CONTEXT, Context
from ..hosts.everywhere import each_once, others_tell
from ..http.envelope import json_reply, read_json
from .session import Session, check_session_id, view


async def put_session(request: web.Request) -> web.Response:
    """Create a session, or change which streams are watched in it and under which policy."""
    context = request.app[CONTEXT]
    session_id = check_session_id(request.match_info["session_id"])
    context.check_taken(session_id)
    body: Any = await read_json(request, SessionBody)
    spec = SessionSpec(body.streams, body.policy)
    session, new = await context.sessions.define(session_id, spec)
    return json_reply(shown(context, session), 201 if new else 200)


async def list_sessions(request: web.Request) -> web.Response:
    """List all sessions, of all hosts, and say how many more fit."""
    context = request.app[CONTEXT]
    sessions = [shown(context, each) for each in context.registry]
    told, missing = await others_tell(context.door, request, SessionList)
    sessions += [each for other in told for each in other.sessions]
    sessions = await each_once(context.door, sessions)
    room = [each for each in (context.fits_more, *(other.fits_more for other in told)) if each is not None]
    return json_reply(SessionList(sessions, sum(room) if room else None, missing))


async def get_session(request: web.Request) -> web.Response:
    """Show one session."""
    context = request.app[CONTEXT]
    session = context.registry.get(request.match_info["session_id"])
    return json_reply(shown(context, session))


def shown(context: Context, session: Session) -> SessionView:
    """The session as callers see it now."""
    in_force = context.lifecycle.policy_in_force(session)
    return view(session, context.workers.receptions, in_force, context.host_id)


async def delete_session(request: web.Request) -> web.Response:
    """End a session and erase everything that is stored of it."""
    context = request.app[CONTEXT]
    session_id = request.match_info["session_id"]
    await context.stamps.end(session_id)  # first, or a page of it comes back meanwhile
    await context.sessions.delete(session_id)
    return web.Response(status=204)


async def get_results(request: web.Request) -> web.Response:
    """Show each stream's newest result, and the violations counted so far."""
    context = request.app[CONTEXT]
    session_id = request.match_info["session_id"]
    await context.check_known(session_id)
    return json_reply(await context.history.results(session_id))
