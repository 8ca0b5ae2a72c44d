"""One line a request, without anything secret: no query, no WHIP resource, no address."""

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger


class AccessLog(AbstractAccessLogger):
    """Logs the method, the route (not the path: it may hold a WHIP resource), status and duration."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Write the line of one finished request; ``time`` is seconds."""
        resource = request.match_info.route.resource if isinstance(request, web.Request) else None
        route = resource.canonical if resource is not None else "(no route)"
        self.logger.info("%s %s %d %.1f ms", request.method, route, response.status, time * 1000)
