"""``/reviews``: the sessions, those that need a look first, a page at a time."""

from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web
from msgspec.structs import replace
from redis.exceptions import RedisError

from argusd.scheduler.contract.errors import InvalidField
from argusd.scheduler.contract.results import read_results, stage_results
from argusd.scheduler.contract.reviews.queue import QueuedSession, QueueQuestion, ReviewQueue
from argusd.scheduler.contract.wording.misfit import explain

from ..context import CONTEXT, Context
from ..hosts.everywhere import is_asked_by_a_host, others_tell
from ..http.envelope import json_reply
from ..http.query import parameter
from ..sessions.session import Session, track_views
from .queue import Standing, behind, cursor_of, fitting, standing_of, standing_of_row

QUERY = {field.name: field.type for field in msgspec.structs.fields(QueueQuestion)}


async def review_queue(request: web.Request) -> web.Response:
    """List sessions, those that need a look first, with their newest results."""
    context, question = request.app[CONTEXT], asked(request)
    here = await own_queue(context, question)
    if is_asked_by_a_host(request):
        return json_reply(here)
    told, missing = await others_tell(context.door, request, ReviewQueue)
    merged = merge([here, *told], question)
    sessions = await with_results(context, merged.sessions)
    return json_reply(replace(merged, sessions=sessions, hosts_missing=missing))


def asked(request: web.Request) -> QueueQuestion:
    """What the query asks for.

    Raises:
        InvalidField: it is not known, or a value is none that it may be.
    """
    given = {name: value for name in QUERY if (value := parameter(request, name)) is not None}
    try:
        return msgspec.convert(given, QueueQuestion, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidField(str(explain(error, QueueQuestion, given, whole="the query"))) from None


async def own_queue(context: Context, question: QueueQuestion) -> ReviewQueue:
    """This host's own page; without results."""
    sessions = {session.session_id: session for session in context.registry}
    waiting = await context.waiting_reviews.of(list(sessions))
    standings = [standing_of(session, waiting[each]) for each, session in sessions.items()]
    found = fitting(standings, question)
    before = behind(found, question.after)
    shown = found[before:][: question.limit]
    return ReviewQueue(
        [row(context, sessions[each.session_id], each) for each in shown],
        len(found),
        sum(each.live for each in standings),
        sum(each.waits for each in standings),
        before,
        next_page(shown, before, len(found)),
    )


def next_page(shown: Sequence[Standing], before: int, total: int) -> str | None:
    """The cursor behind a page, if there is more."""
    return cursor_of(shown[-1]) if shown and before + len(shown) < total else None


def row(context: Context, session: Session, standing: Standing) -> QueuedSession:
    """A session of this host, without its results."""
    return QueuedSession(
        session.session_id,
        session.state,
        session.record.created_at,
        session.updated_at,
        track_views(session, context.workers.receptions),
        context.host_id,
        standing.waiting,
    )


def merge(queues: list[ReviewQueue], question: QueueQuestion) -> ReviewQueue:
    """The same page of several hosts as one."""
    rows = {each.session_id: each for queue in queues for each in queue.sessions}
    shown = fitting(map(standing_of_row, rows.values()), question)[: question.limit]
    total, before = sum(queue.total for queue in queues), sum(queue.before for queue in queues)
    return ReviewQueue(
        [rows[each.session_id] for each in shown],
        total,
        sum(queue.live for queue in queues),
        sum(queue.waiting for queue in queues),
        before,
        next_page(shown, before, total),
    )


async def with_results(context: Context, rows: list[QueuedSession]) -> list[QueuedSession]:
    """The sessions with what is known of each now; of one whose results cannot be read, nothing."""
    async with context.redis.pipeline(transaction=False) as pipe:
        for each in rows:
            stage_results(pipe, each.session_id)
        answers = await pipe.execute(raise_on_error=False)
    return [with_own(*pair) for pair in zip(rows, zip(*[iter(answers)] * 3, strict=True), strict=True)]


def with_own(row: QueuedSession, answers: tuple[Any, ...]) -> QueuedSession:
    """The session with its results, by Redis' answers to ``stage_results``."""
    if any(isinstance(each, RedisError) for each in answers):
        return row
    known = read_results(row.session_id, *answers)
    return replace(row, streams=known.streams, violations=known.violations) if known else row
