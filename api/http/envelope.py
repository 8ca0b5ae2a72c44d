"""JSON in and out: the response envelope, and the middleware that puts every error into it."""

import logging
from typing import TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from redis.exceptions import RedisError

from argusd.scheduler.contract.errors import (
    InsufficientScope,
    InvalidField,
    MalformedBody,
    MalformedRequest,
    MethodNotAllowed,
    PathNotFound,
    ServiceError,
    Unauthorized,
    WrongContentType,
)
from argusd.scheduler.contract.http import ErrorReply
from argusd.scheduler.contract.logs.about import SESSION
from argusd.scheduler.contract.logs.tracebacks import log_fault
from argusd.scheduler.contract.wording.misfit import explain
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from ..connections.bodies import read_body
from ..events.redis_store import unavailable
from ..store.troubles import trouble
from .base64_text import NOT_BASE64, NOT_WHOLE, with_bytes
from .query import nearest_path

log = logging.getLogger(__name__)

Body = TypeVar("Body")
MOST_VALUES = 1000


def json_reply(body: object, status: int = 200) -> web.Response:
    """A JSON answer of any msgspec type; never cached, because all of it is live."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def refusal(body: object, error: ServiceError | type[ServiceError]) -> web.Response:
    """A JSON answer with an error's status, and when to try again."""
    reply = json_reply(body, error.status)
    if error.retry_after is not None:
        reply.headers["Retry-After"] = str(error.retry_after)
    return reply


async def read_json(request: web.Request, kind: type[Body], limit: int | None = None) -> Body:
    """The request's body as ``kind``; an empty body is an empty object.

    ``limit``: bytes, where it is another than most paths'.

    Raises:
        WrongContentType: it comes as something else than JSON.
        MalformedBody, InvalidField: see ``decode_json``.
        ServiceError: see ``Body.read``.
    """
    body = await read_body(request, limit)
    if body and request.content_type != "application/json":
        raise WrongContentType("This path takes application/json.")
    return decode_json(body or b"{}", kind)


def decode_json(body: bytes | msgspec.Raw, kind: type[Body], at: str = "", whole: str = "the body") -> Body:
    """JSON as ``kind``; base64 may come as people send it.

    ``at``: the field it was found in, if any; ``whole``: what sentences call all of it.

    Raises:
        MalformedBody: it is not JSON, or nested beyond reason.
        InvalidField: it does not fit ``kind``; the sentence names the field and what it may be.
    """
    try:
        return _decoded(body, kind)
    except msgspec.ValidationError as error:
        raise InvalidField(str(explain(error, kind, _anything(body), at, whole))) from error
    except UNDECODABLE as error:
        raise MalformedBody(f"{whole.capitalize()} is not valid JSON.") from error


def _decoded(body: bytes | msgspec.Raw, kind: type[Body]) -> Body:
    """Decode strictly, which needs the least memory, and once more where that may have been too strict."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        strict = NOT_BASE64 in str(error) or NOT_WHOLE in str(error)
        if not strict or not _few_values(body):
            raise
    return with_bytes(msgspec.json.decode(body), kind)


def _anything(body: bytes | msgspec.Raw) -> object:
    """What the body holds, whatever its type; None where that cannot be told."""
    try:
        return msgspec.json.decode(body) if _few_values(body) else None
    except UNDECODABLE:
        return None


def _few_values(body: bytes | msgspec.Raw) -> bool:
    """Whether the JSON has no more values than requests have: each may become fifty times as large."""
    text = bytes(body)
    return sum(text.count(mark) for mark in (b"{", b"[", b",")) <= MOST_VALUES


@web.middleware
async def error_envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into the envelope. The top of a request: the broad ``except`` stands here."""
    SESSION.set(request.match_info.get("session_id", ""))  # one connection's requests share a context
    try:
        return await handler(request)
    except ServiceError as error:
        return error_reply(request, error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_reply(request, from_http(error, request), error.headers.get("Allow"))
    except (RedisError, TimeoutError) as error:
        log.warning("Redis did not do what a request needs: %s", trouble(error) or type(error).__name__)
        return error_reply(request, unavailable(error, "The event store does not answer; try again."))
    except Exception as error:
        log_fault(log, "a request failed", error)
        return error_reply(request, ServiceError())


def from_http(error: web.HTTPException, request: web.Request) -> ServiceError:
    """Our error for one that aiohttp raised."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        methods = ", ".join(sorted(error.allowed_methods))
        return MethodNotAllowed(f"The path does not know this method; it takes {methods}.")
    if error.status == 404:
        near = nearest_path(request.path, (each.canonical for each in request.app.router.resources()))
        meant = f"did you mean {near}? " if near else ""
        return PathNotFound(f"There is nothing at this path; {meant}/openapi.json lists what there is.")
    return MalformedRequest("The request is not valid HTTP for this path.")


def error_reply(request: web.Request, error: ServiceError, allow: str | None = None) -> web.Response:
    """The envelope of one error."""
    session_id = request.match_info.get("session_id", "")[:128] or msgspec.UNSET
    reply = refusal(ErrorReply(error_code=error.code, error=str(error), session_id=session_id), error)
    if isinstance(error, Unauthorized | InsufficientScope):
        reply.headers["WWW-Authenticate"] = challenge(request, error)
    if allow is not None:
        reply.headers["Allow"] = allow
    return reply


def challenge(request: web.Request, error: ServiceError) -> str:
    """What a client must show, and what is wrong with what it showed (RFC 6750, section 3)."""
    if isinstance(error, InsufficientScope):
        return 'Bearer error="insufficient_scope"'
    return 'Bearer error="invalid_token"' if "Authorization" in request.headers else "Bearer"
