"""``/openapi.json``: OpenAPI 3.1, made of the route table, the handlers' docstrings and the msgspec types.

It describes this daemon as it is configured: where it asks for no token, the document does not either.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from weakref import WeakKeyDictionary

import msgspec
from aiohttp import web

from argusd.scheduler.contract.errors import (
    Forbidden,
    HeadTooLarge,
    HostUnreachable,
    InsufficientScope,
    MalformedRequest,
    OriginRefused,
    RateLimited,
    RequestTimeout,
    ServiceError,
    StoreUnavailable,
    Unauthorized,
    WrongContentType,
)
from argusd.scheduler.contract.events import Event, Gap
from argusd.scheduler.contract.http import BEARER_PROTOCOL, PROTOCOL, ErrorReply
from argusd.scheduler.contract.names import Name

from ..access.exposure import is_protected
from ..access.tickets import TICKET
from ..config import ApiConfig
from ..context import CONTEXT
from ..http.route import EVENT_STREAM, Route
from .references import Json, reference
from .schemas import components, schema_of
from .uploads import uploads

ALWAYS: tuple[type[ServiceError], ...] = (
    MalformedRequest,
    RequestTimeout,
    WrongContentType,
    HeadTooLarge,
    ServiceError,
)
SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A configured token, an issuer's JWT, or a session token (POST /tokens).",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": TICKET,
        "description": "A ticket for this path (POST /tickets), for an EventSource or a WebSocket.",
    },
    "protocol": {
        "type": "apiKey",
        "in": "header",
        "name": "Sec-WebSocket-Protocol",
        "description": f"`{PROTOCOL}, {BEARER_PROTOCOL}<token>`, for a page's WebSocket.",
    },
}
AMONG_HOSTS: tuple[type[ServiceError], ...] = (HostUnreachable, StoreUnavailable)
WITH_A_TOKEN: tuple[type[ServiceError], ...] = (Unauthorized, Forbidden, InsufficientScope, RateLimited)


def serve_document(routes: Iterable[Route]) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of ``/openapi.json`` for these routes (its own included)."""
    made: WeakKeyDictionary[web.Application, bytes] = WeakKeyDictionary()

    async def openapi(request: web.Request) -> web.Response:
        """Describe this API."""
        if request.app not in made:
            made[request.app] = msgspec.json.encode(document(routes, request.app[CONTEXT].config))
        return web.Response(body=made[request.app], content_type="application/json")

    return openapi


def document(routes: Iterable[Route], config: ApiConfig) -> Json:
    """The whole description."""
    routes, protected = list(routes), is_protected(config)
    described: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "argusd",
            "version": version("argusd"),
            "description": "Live media in, findings out.",
        },
        "paths": {},
        "components": {"schemas": components(routes, config)},
    }
    for route in routes:
        described["paths"].setdefault(route.path, {})[route.method.lower()] = operation(route, config)
    if protected:
        described["components"]["securitySchemes"] = SECURITY_SCHEMES
        described["security"] = [{"token": []}]
    return described


def operation(route: Route, config: ApiConfig) -> Json:
    """One method of one path."""
    described: Json = {
        "operationId": operation_id(route),
        "summary": (route.handler.__doc__ or "").strip().partition("\n")[0],
        "parameters": list(parameters(route)),
        "responses": responses(route, config),
    }
    if route.body is not None:
        taken = content(route.body)
        if route.uploads and not isinstance(route.body, str):
            taken |= uploads(route.body)
        described["requestBody"] = {"required": needs_body(route.body), "content": taken}
    if is_protected(config) and (ways := ways_in(route)) is not None:
        described["security"] = [{way: []} for way in ways]
    return described


def ways_in(route: Route) -> Sequence[str] | None:
    """The security schemes that let a request in; None: a token alone."""
    if route.public:
        return ()
    if 101 in route.replies:
        return ("token", "ticket", "protocol")
    return ("token", "ticket") if route.method == "GET" else None


def operation_id(route: Route) -> str:
    """A name that no other operation has: several paths may share a handler."""
    words = (part.strip("{}").replace("-", "_").replace(".", "_") for part in route.path.split("/") if part)
    return "_".join([route.method.lower(), *words])


def needs_body(body: type | str) -> bool:
    """Whether nothing at all would be refused; for JSON it stands for an empty object."""
    return isinstance(body, str) or any(field.required for field in msgspec.structs.fields(body))


def parameters(route: Route) -> Iterable[Json]:
    """What the path, the query and the headers hold."""
    for part in route.path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            kind = Name if name == "session_id" else route.parts.get(name, str)
            yield {"name": name, "in": "path", "required": True, "schema": schema_of(kind)}
    for place, kinds in (("header", route.headers), ("query", route.query)):
        for name, kind in kinds.items():
            yield {"name": name, "in": place, "required": False, "schema": schema_of(kind)}


def responses(route: Route, config: ApiConfig) -> Json:
    """What comes back, by status; errors that share a status are listed in its description."""
    described: dict[str, Json] = {}
    for status, body in route.replies.items():
        described[str(status)] = {"description": "Done" if status < 300 else "Not so"}
        if body is not None:
            described[str(status)]["content"] = content(body)
    for status, codes in refusals(route, config).items():
        entry = described.setdefault(str(status), {"description": ""})
        entry["description"] = ", ".join(codes)
        entry["content"] = refused(route, route.replies.get(status))
    return described


def refusals(route: Route, config: ApiConfig) -> Mapping[int, list[str]]:
    """Error codes by status: the route's own, and those of every route."""
    found: dict[int, list[str]] = {}
    admission = () if route.public else WITH_A_TOKEN
    elsewhere = AMONG_HOSTS if config.cluster and route.way != "any" else ()
    always = (*ALWAYS, *(admission if is_protected(config) else (OriginRefused,)), *elsewhere)
    for error in dict.fromkeys((*route.refusals, *always)):
        found.setdefault(error.status, []).append(error.code)
    return found


def refused(route: Route, reply: object) -> Json:
    """The body of a refusal: the envelope of errors, or what the route itself answers with."""
    own = [kind for kind in (reply, route.refusal) if isinstance(kind, type)]
    if not own:
        return content(ErrorReply)
    kinds = dict.fromkeys([*own, ErrorReply])
    return {"application/json": {"schema": {"anyOf": [reference(kind) for kind in kinds]}}}


def content(body: type | str | tuple[type | str, ...]) -> Json:
    """The media types of a body, and the schema of each."""
    if isinstance(body, tuple):
        return {media_type: schema for each in body for media_type, schema in content(each).items()}
    if isinstance(body, str):
        return {body: {"schema": text(body)}}
    return {"application/json": {"schema": reference(body)}}


def text(media_type: str) -> Json:
    """The schema of what is no JSON: a text, or each server-sent event of a stream of them."""
    if media_type == EVENT_STREAM:
        parts: Json = {name: {"type": "string"} for name in ("id", "event", "data")}
        told = {"anyOf": [reference(Event), reference(Gap)]}
        parts["data"] |= {"contentMediaType": "application/json", "contentSchema": told}
        return {"type": "object", "properties": parts}
    return {"type": "string", "minLength": 1}
