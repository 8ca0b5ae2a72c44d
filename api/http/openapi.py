"""``/openapi.json``: OpenAPI 3.1, made of the route table, the handlers' docstrings and the msgspec types."""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from typing import Any

import msgspec
from aiohttp import web

from argusd.scheduler.contract.errors import (
    Forbidden,
    InsufficientScope,
    OriginRefused,
    RateLimited,
    ServiceError,
    Unauthorized,
)
from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.http import ErrorReply

from .route import Route

REF = "#/components/schemas/{name}"

Json = dict[str, Any]


def serve_document(routes: Iterable[Route]) -> Callable[[web.Request], Any]:
    """The handler of ``/openapi.json`` for these routes (its own included)."""

    async def openapi(_request: web.Request) -> web.Response:
        """Describe this API."""
        return web.json_response(document(routes))

    return openapi


def document(routes: Iterable[Route]) -> Json:
    """The whole description."""
    routes = list(routes)
    types: set[type] = {ErrorReply, Event}
    for route in routes:
        types |= {each for each in (route.body, *route.replies.values()) if isinstance(each, type)}
    ordered = sorted(types, key=lambda each: each.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template=REF)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "argusd",
            "version": version("argusd"),
            "description": "Live media in, findings out.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def operation(route: Route) -> Json:
    """One method of one path."""
    described: Json = {
        "operationId": route.handler.__name__,
        "summary": (route.handler.__doc__ or "").strip().partition("\n")[0],
        "parameters": list(parameters(route)),
        "responses": responses(route),
    }
    if route.body is not None:
        described["requestBody"] = {"required": isinstance(route.body, str), "content": content(route.body)}
    if route.public:
        described["security"] = []
    return described


def parameters(route: Route) -> Iterable[Json]:
    """What the path, the query and the headers hold."""
    text = {"type": "string"}
    for part in route.path.split("/"):
        if part.startswith("{"):
            yield {"name": part.strip("{}"), "in": "path", "required": True, "schema": text}
    for place, names in (("header", route.headers), ("query", route.query)):
        for name in names:
            yield {"name": name, "in": place, "required": False, "schema": text}


def responses(route: Route) -> Json:
    """What comes back, by status; errors that share a status are listed in its description."""
    described: dict[str, Json] = {}
    for status, body in route.replies.items():
        described[str(status)] = {"description": "Done" if status < 300 else "Not so"}
        if body is not None:
            described[str(status)]["content"] = content(body)
    for status, codes in refusals(route).items():
        entry = described.setdefault(str(status), {"description": "", "content": content(ErrorReply)})
        entry["description"] = ", ".join(codes)
    return described


def refusals(route: Route) -> Mapping[int, list[str]]:
    """Error codes by status: the route's own, and those of every route."""
    found: dict[int, list[str]] = {}
    always: tuple[type[ServiceError], ...] = (OriginRefused, ServiceError)
    if not route.public:
        always += (Unauthorized, Forbidden, InsufficientScope, RateLimited)
    for error in (*route.refusals, *always):
        found.setdefault(error.status, []).append(error.code)
    return found


def content(body: type | str) -> Json:
    """The media type of a body, and its schema."""
    if isinstance(body, str):
        return {body: {"schema": {"type": "string"}}}
    return {"application/json": {"schema": {"$ref": REF.format(name=body.__name__)}}}
