"""What a page is told whose WebSocket is not let in.

A browser shows its pages neither status nor body of a failed handshake. So the handshake of a page that may
read our answers succeeds, and the WebSocket says why it closes, as it does later on. Other clients get the
status.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

from argusd.scheduler.contract.errors import ServiceError

from ..http.browsers import ADMITTED
from .socket import is_socket, refuse, web_socket


@web.middleware
async def readable_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a page's WebSocket by its close code, 4000 + the status, with the error's code as the reason."""
    try:
        return await handler(request)
    except ServiceError as error:
        if not (is_socket(request) and ADMITTED in request):
            raise
        socket = web_socket(request)
        await socket.prepare(request)
        await refuse(socket, error)
        return socket
