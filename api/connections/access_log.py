"""One line a request, without anything secret: no query, no WHIP resource, no address."""

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

NO_METHOD = "UNKNOWN"  # aiohttp's word where what came is not HTTP; no route is looked up for it


class AccessLog(AbstractAccessLogger):
    """Logs the method, the route (not the path: it may hold a WHIP resource), status and duration."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line of one finished request; ``time`` is seconds."""
        resource = None
        if isinstance(request, web.Request) and request.method != NO_METHOD:
            resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "(no route)"
        self.logger.info("%s %s %d %.1f ms", request.method, route, response.status, time * 1000)
