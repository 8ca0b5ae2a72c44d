"""Media in: WHIP (RFC 9725).

``POST /whip/{session_id}`` takes an SDP offer and answers 201 with the SDP answer; ``Location`` names a
resource that only the publisher knows, ``Link`` the session's events from here on, and STUN and TURN servers
where any are configured; OPTIONS tells those as well, to who has a token. All of our candidates are
in the answer and the peer's are learnt from its checks, so trickled ones are accepted and need nothing done.
ICE restarts are not supported (422): a peer that lost its path publishes anew.

Who published a session may do so again at any time: the older media end (reason ``replaced``), its resource
is gone, and the events go on. A principal is a bearer token; without tokens everybody on this host is one.
To the scheduler the new media are a new session: it learns its own voice and face references from the policy
and from what it hears now, and what was open in the older ones has ended. Somebody else gets 409.
"""

import contextlib
import hmac
import secrets
import time

from aiohttp import web

from argusd.ingest.ice.ice_servers import links
from argusd.ingest.ipc.messages import SessionAnswer
from argusd.scheduler.contract.errors import (
    Forbidden,
    IceRestartUnsupported,
    InsufficientScope,
    MalformedBody,
    Overloaded,
    RateLimited,
    ResourceNotFound,
    Unauthorized,
    WrongContentType,
)
from argusd.scheduler.contract.http import EVENTS_RELATION, HOST_HEADER

from ..access.admitted import GRANT
from ..access.bearer import token_of
from ..access.grants import Grant
from ..connections.bodies import read_body
from ..connections.client import client_of
from ..context import CONTEXT, Context
from .ice_session import check_etag, etag, fragment_ufrags
from .session import Media, Session, check_session_id

CROWDED = "No further session fits without making all of them late."
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
# One answer for the endpoint and its resources (RFC 9725 4.2): clients ask the endpoint, before there is a
# resource, whether they may trickle, and gather all their candidates first where PATCH is not listed.
WHIP_OPTIONS = {
    "Allow": "DELETE, GET, HEAD, OPTIONS, PATCH, POST",
    "Accept-Post": SDP,
    "Accept-Patch": FRAGMENT,
}


def is_whip(request: web.Request) -> bool:
    """Whether a request is for an endpoint or a resource of WHIP."""
    return request.path.startswith("/whip/")


async def publish(request: web.Request) -> web.Response:
    """Publish a session's media: an SDP offer in, the answer out."""
    context = request.app[CONTEXT]
    session_id = check_session_id(request.match_info["session_id"])
    context.check_taken(session_id)
    client = client_of(request)
    limit_rate(context, client, session_id)
    offer = await read_sdp(request, SDP)
    with context.half_open.answering(session_id, client):
        media, answer, position = await begin_media(context, session_id, offer, client, request[GRANT])
    events = f"/sessions/{session_id}/events?after={position}"
    response = web.Response(status=201, body=answer.answer_sdp.encode(), content_type=SDP)
    response.headers["Location"] = f"/whip/{session_id}/{media.resource}"
    response.headers["ETag"] = etag(media)
    response.headers["Link"] = f'<{events}>; rel="{EVENTS_RELATION}"; events="violation,observation,session"'
    if context.config.cluster is not None:
        response.headers[HOST_HEADER] = context.config.cluster.host_id
    add_ice_servers(context, response)
    return response


async def begin_media(
    context: Context, session_id: str, offer: str, client: str, grant: Grant
) -> tuple[Media, SessionAnswer, int]:
    """Have a worker answer the offer: the session's new media, the answer, and the last seq before them.

    Raises:
        ServiceError: they cannot begin now, or not at all.
    """
    async with context.sessions.turn(session_id):
        context.check_taken(session_id)
        await context.stamps.check(grant)  # again: the turn before may have deleted the session
        older = context.sessions.to_replace(session_id, grant.principal)
        crowded = older is None and is_crowded(context)
        place = context.half_open.place_for(session_id, crowded=crowded)
        if place is None:
            raise Overloaded(CROWDED)
        worker = context.workers.place(older.worker if older else "", place)
        answer = await worker.open(
            session_id,
            offer,
            context.config.answer_timeout_s,
            replace=older is not None,
            client=client,
            place=place,
        )
        media = new_media(worker.name, answer, grant.principal)
        try:
            return media, answer, await context.sessions.opened(session_id, media, worker)
        except BaseException:
            worker.close(session_id)
            raise


def add_ice_servers(context: Context, response: web.Response) -> None:
    """Tell a client through which servers it may find a way to us."""
    now = time.time()
    for server in context.ice_servers:
        for link in links(server.at(now)):
            response.headers.add("Link", link)


async def whip_options(request: web.Request) -> web.Response:
    """The answer to OPTIONS, with what CORS asks left to ``browsers.py``."""
    context = request.app[CONTEXT]
    response = web.Response(headers=WHIP_OPTIONS)
    session_id = request.path.split("/")[2]  # OPTIONS has no route that would take the path apart
    # No token comes with a browser's preflight, and a TURN server's credential is not for everybody.
    with contextlib.suppress(Unauthorized, Forbidden, InsufficientScope):
        grant = await context.access.grant_of(token_of(request.headers))
        grant.check_scope("publish")
        grant.check_session(session_id)
        add_ice_servers(context, response)
    return response


async def trickle(request: web.Request) -> web.Response:
    """Take candidates that come late; an ICE restart is refused."""
    media = find_resource(request).media
    assert media is not None, "a resource is a session's media"
    check_etag(request.headers.get("If-Match"), media)
    fragment = await read_sdp(request, FRAGMENT)
    if media.ice_ufrag not in fragment_ufrags(fragment):
        raise IceRestartUnsupported("ICE restarts are not supported; publish anew.")
    return web.Response(status=204)


async def unpublish(request: web.Request) -> web.Response:
    """End the session's media. The session and its events stay."""
    sessions = request.app[CONTEXT].sessions
    async with sessions.turn(request.match_info["session_id"]):
        await sessions.end_media(find_resource(request))
    return web.Response()


async def nothing_to_get(request: web.Request) -> web.Response:
    """Answer a GET with nothing, as RFC 9725 has it."""
    check_session_id(request.match_info["session_id"])
    if "resource" in request.match_info:
        find_resource(request)
    return web.Response(status=204)


def limit_rate(context: Context, client: str, session_id: str) -> None:
    """Count an attempt to publish.

    Raises:
        RateLimited: too many from this client, or for this session.
    """
    now = time.monotonic()
    by_client = context.posts_by_client.allow(client, now)
    if not (by_client and context.posts_by_session.allow(session_id, now)):
        raise RateLimited("Too many attempts to publish; wait a little.")


def check_admission(context: Context) -> None:
    """Take a session only while all of them can be served in time.

    Raises:
        Overloaded: the schedulers that are there say that no more fit.
    """
    if is_crowded(context):
        raise Overloaded(CROWDED)


def is_crowded(context: Context) -> bool:
    """Whether one more session would make all of them late, as far as schedulers are there to say so."""
    fits_more = context.schedulers.fits_more
    return fits_more is not None and fits_more <= 0 and not context.config.overcommit


async def read_sdp(request: web.Request, content_type: str) -> str:
    """The body as text.

    Raises:
        WrongContentType: it comes as another type.
        MalformedBody: it is empty or not text.
        ServiceError: see ``Body.read``.
    """
    if request.content_type != content_type:
        raise WrongContentType(f"This path takes {content_type}.")
    try:
        body = (await read_body(request)).decode()
    except UnicodeDecodeError as error:
        raise MalformedBody("The body is not UTF-8 text.") from error
    if not body.strip():
        raise MalformedBody("The body is empty.")
    return body


def new_media(worker: str, answer: SessionAnswer, principal: str) -> Media:
    """The session's media at this worker, under a new resource that nobody can guess."""
    return Media(
        phase="connecting",
        worker=worker,
        resource=secrets.token_urlsafe(24),
        ice_ufrag=answer.ice_ufrag,
        kinds=answer.kinds,
        changed_at=time.time(),
        principal=principal,
    )


def find_resource(request: web.Request) -> Session:
    """The session whose WHIP resource the path names.

    Raises:
        ResourceNotFound: the resource is over, or never was.
    """
    session = request.app[CONTEXT].registry.find(request.match_info["session_id"])
    resource = request.match_info["resource"].encode()
    if session is None or session.media is None or not session.active:
        raise ResourceNotFound("There is no such WHIP resource (any more).")
    if not hmac.compare_digest(session.media.resource.encode(), resource):
        raise ResourceNotFound("There is no such WHIP resource (any more).")
    return session
