"""What is asked of every request, whoever sends it, before anything is looked up or read."""

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.typedefs import Handler

from argusd.scheduler.contract.errors import MalformedRequest, WrongContentType


@web.middleware
async def request_rules(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what no path of this daemon takes."""
    check_version(request)
    check_target(request)
    check_coding(request)
    return await handler(request)


def check_version(request: web.Request) -> None:
    """Speak HTTP/1 only.

    Raises:
        MalformedRequest: the request is of another version; without one, it is HTTP/0.9.
    """
    if request.version not in (HttpVersion10, HttpVersion11):
        raise MalformedRequest("This is not HTTP/1.1.")


def check_target(request: web.Request) -> None:
    """Serve paths, and be nobody's proxy.

    Raises:
        MalformedRequest: the target is a host (CONNECT) or ``*``.
    """
    if request.method == "CONNECT" or not request.path.startswith("/"):
        raise MalformedRequest("The target of a request is a path; /openapi.json lists them.")


def check_coding(request: web.Request) -> None:
    """Take bodies as they are: what is small on the wire may be large in memory.

    Raises:
        WrongContentType: the body is compressed.
    """
    content = request.headers.getall("Content-Encoding", ())
    transfer = request.headers.getall("Transfer-Encoding", ())
    if not ({*map(str.lower, content)} <= {"identity"} and {*map(str.lower, transfer)} <= {"chunked"}):
        raise WrongContentType("No path takes a compressed body; send it without Content-Encoding.")
