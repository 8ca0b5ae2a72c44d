"""A span around each request that has work done: all but those that only look, and streams."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from argusd.scheduler.contract.logs.trace_context import TRACE_HEADER
from argusd.scheduler.tracing.traces import Traces

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
SERVER_ERROR = 500


def traced(traces: Traces) -> Middleware:
    """The middleware; a caller's ``traceparent`` says which trace a request is part of."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if request.method in LOOKING or resource is None:
            return await handler(request)
        with traces.span("request", request.headers.get(TRACE_HEADER, "")) as span:
            span.tell(http__request__method=request.method, http__route=resource.canonical)
            response = await handler(request)
            span.tell(http__response__status_code=response.status)
            if response.status >= SERVER_ERROR:
                span.fail()
            return response

    return middleware
