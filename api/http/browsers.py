"""What browsers need to be told: CORS for pages from elsewhere, and harmless headers for our own pages."""

from aiohttp import web
from aiohttp.typedefs import Handler

from ..context import CONTEXT
from ..sessions.whip import is_whip, whip_options

ADMITTED = web.RequestKey("admitted origin", str)

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Server": "argusd",  # which libraries serve it, and which versions of them, is nobody's business
}
ASKED_HEADERS = "Authorization, Content-Type, If-Match, Last-Event-ID"
SHOWN_HEADERS = "Accept-Patch, Accept-Post, Allow, ETag, Link, Location, Retry-After"


@web.middleware
async def browser_rules(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Check where a page comes from, answer OPTIONS for every path, and let pages read the answers.

    Headers are added by ``add_browser_headers``, so that streams get them before they begin.
    """
    origin = request.headers.get("Origin")
    # An absolute target names a host of its own (RFC 9112, 3.2.2); a page could put either.
    for host in {request.headers.get("Host", ""), request.host}:
        request.app[CONTEXT].access.check_origin(origin, host)
    if origin is not None:
        request[ADMITTED] = origin
    if request.method == "OPTIONS":
        return await options(request)
    return await handler(request)


async def options(request: web.Request) -> web.Response:
    """The answer to OPTIONS: what the path takes."""
    mismatch = request.match_info.http_exception
    if not isinstance(mismatch, web.HTTPMethodNotAllowed):
        raise web.HTTPNotFound
    methods = ", ".join(sorted({*mismatch.allowed_methods, "OPTIONS"}))
    response = web.Response(headers={"Allow": methods})
    if is_whip(request):
        response = await whip_options(request)
    response.headers["Access-Control-Allow-Methods"] = response.headers["Allow"]
    response.headers["Access-Control-Allow-Headers"] = ASKED_HEADERS
    response.headers["Access-Control-Max-Age"] = "600"
    return response


async def add_browser_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: every answer, errors and streams included, gets these just before it is sent."""
    response.headers.update(SAFE_HEADERS)
    origin = request.get(ADMITTED)
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = SHOWN_HEADERS
        response.headers["Vary"] = "Origin"
