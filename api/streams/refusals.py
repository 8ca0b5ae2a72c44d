"""What a client is told whose WebSocket is refused.

A browser shows its pages neither status nor body of a failed handshake. So the handshake of a page that may
read our answers succeeds, and the WebSocket says why it closes, as it does later on. So does that of every
client that was let in. Others get the status, and so does a host that relays, which may ask the next one.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

from argusd.scheduler.contract.errors import ServiceError

from ..access.admitted import GRANT
from ..hosts.relay import REFUSED, RELAYED
from ..http.browsers import ADMITTED
from .socket import is_socket, refuse, web_socket


@web.middleware
async def readable_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a WebSocket by its close code, 4000 + the status, with the error's code as the reason."""
    try:
        return await handler(request)
    except ServiceError as error:
        heard = is_socket(request) and (ADMITTED in request or GRANT in request)
        if not heard:
            raise
        if RELAYED in request.headers and error.status == 503:
            return web.Response(status=503, headers={REFUSED: error.code})
        socket = web_socket(request)
        await socket.prepare(request)
        await refuse(socket, error)
        return socket
