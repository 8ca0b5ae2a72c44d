"""``/sessions/{session_id}/reviews`` and ``…/report``: what people make of violations, and all of it."""

import re
import time
from typing import Annotated

import msgspec
from aiohttp import web

from argusd.scheduler.contract.errors import InvalidField, ViolationNotFound
from argusd.scheduler.contract.names import ENDS
from argusd.scheduler.contract.reviews.report import Report
from argusd.scheduler.contract.reviews.reviews import Review, ReviewBody, ReviewList

from ..context import CONTEXT, Context
from ..http.envelope import json_reply, read_json
from .report import About, report_of
from .review_store import ReviewStore
from .table import table

CSV = "text/csv"
SEQ = rf"^[0-9]{{1,15}}{ENDS}"
Seq = Annotated[str, msgspec.Meta(pattern=SEQ)]


async def put_review(request: web.Request) -> web.Response:
    """Acknowledge or dismiss a violation, comment on it, or open it again."""
    context = request.app[CONTEXT]
    session = context.registry.get(request.match_info["session_id"])
    seq = parse_seq(request.match_info["seq"])
    body = await read_json(request, ReviewBody)
    if not await ReviewStore(context.redis).starts_violation(session.session_id, seq):
        raise ViolationNotFound("No violation of this session that is still kept starts with this event.")
    review = Review(**msgspec.structs.asdict(body), seq=seq, at=time.time())
    await context.sessions.review(session.session_id, review)
    return json_reply(review)


async def list_reviews(request: web.Request) -> web.Response:
    """List what people have said of a session's violations."""
    context, session_id = request.app[CONTEXT], request.match_info["session_id"]
    await context.check_known(session_id)
    reviews = await ReviewStore(context.redis).of_session(session_id)
    return json_reply(ReviewList(session_id, list(reviews.values())))


async def get_report(request: web.Request) -> web.Response:
    """Tell what happened in a session, and its reviews; as a table where ``Accept`` is ``text/csv``."""
    context = request.app[CONTEXT]
    report = await session_report(context, request.match_info["session_id"])
    if not wants_csv(request.headers.get("Accept", "")):
        return json_reply(report)
    name = f"{report.session_id.replace(':', '-')}.csv"
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=table(report), content_type=CSV, charset="utf-8", headers=headers)


async def session_report(context: Context, session_id: str) -> Report:
    """The report of one of this host's sessions.

    Raises:
        SessionNotFound: it holds none of this id.
    """
    session = context.registry.get(session_id)
    began, changed = session.record.created_at, session.updated_at
    about = About(session_id, session.state, session.streams, began, changed)
    outline = await context.history.outline(session_id)
    return report_of(about, outline, await ReviewStore(context.redis).of_session(session_id))


def parse_seq(text: str) -> int:
    """The seq of an event, as a path has it.

    Raises:
        InvalidField: it is no number.
    """
    if not re.match(SEQ, text):
        raise InvalidField("The seq in the path must be the number of the event that started the violation.")
    return int(text)


def wants_csv(accept: str) -> bool:
    """Whether a table is asked for, and not JSON as well."""
    return CSV in accept and "application/json" not in accept
