"""Every path of the api, described once: for the router, for authentication and for ``/openapi.json``."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.access.tokens import SessionTicket, SessionToken, TicketRequest, TokenRequest
from argusd.scheduler.contract.catalog import PUBLIC_TASKS, STREAMS
from argusd.scheduler.contract.evidence.records import ChainView, Evidence, EvidenceList
from argusd.scheduler.contract.results import Results
from argusd.scheduler.contract.reviews.queue import ReviewQueue
from argusd.scheduler.contract.reviews.report import Report
from argusd.scheduler.contract.reviews.reviews import Review, ReviewBody, ReviewList
from argusd.scheduler.contract.sessions import SessionBody, SessionList, SessionView
from argusd.scheduler.contract.streams.spec import StreamSpec
from argusd.scheduler.contract.tasks.spec import AnyTask, TaskPath

from .access.token_routes import make_token, ticket_handler, withdraw_tokens
from .events.cursor import Position
from .events.sse import all_events, session_events
from .evidence.routes import check_chain, get_clip, get_evidence, get_snapshot, list_evidence
from .hosts.listing import HostsView, list_hosts
from .http.route import Route
from .openapi.document import EVENT_STREAM, serve_document
from .ops.dashboard import FILE_TYPES, PAGES, FileName, PageName, dashboard_file, page
from .ops.drain import DrainView, drain, end_drain
from .ops.health import Health, health
from .ops.metrics import CONTENT_TYPE, metrics
from .ops.operations import Operations, operations
from .ops.readiness import Readiness, Tiers, ready
from .reviews.queue_routes import QUERY, review_queue
from .reviews.review_routes import CSV, Seq, get_report, list_reviews, put_review
from .sessions.session_routes import (
    delete_session,
    get_results,
    get_session,
    list_sessions,
    put_session,
)
from .sessions.whip import FRAGMENT, SDP, nothing_to_get, publish, trickle, unpublish
from .streams.socket import SampleRate, stream_handler
from .tasks.infer import (
    InferReply,
    InferRequest,
    body_of,
    infer,
    reply_of,
    task_handler,
)

EVENT_ERRORS = (
    errors.InvalidField,
    errors.TooManyReaders,
    errors.Overloaded,
    errors.Draining,
    errors.StoreUnavailable,
)

BODY_ERRORS = (errors.MalformedBody, errors.BodyTooLarge, errors.WrongContentType, errors.InvalidField)

TASK_ERRORS = (
    *BODY_ERRORS,
    errors.UnknownTask,
    errors.ScanExpired,
    errors.PictureTooLarge,
    errors.AudioTooLong,
    errors.BadPicture,
    errors.BadAudio,
    errors.NoFace,
    errors.NoSpeech,
    errors.TooShort,
    errors.LanguageUnsupported,
    errors.EmbeddingSize,
    errors.EmbeddingModel,
    errors.LlmProfileUnknown,
    errors.InferenceRefused,
    errors.ModelUnavailable,
    errors.StoreUnavailable,
    errors.NotReady,
    errors.Overloaded,
    errors.Draining,
    errors.WorkerGone,
    errors.BreakerOpen,
    errors.DeadlineExceeded,
)


def task_route(task: AnyTask, path: TaskPath) -> Route:
    """A path of one task's own."""
    body = body_of(task, path)
    return Route(
        "POST",
        path.path,
        task_handler(task, path, body),
        {200: reply_of(task, path)},
        body=body,
        uploads=True,
        refusal=InferReply,
        refusals=TASK_ERRORS,
        session_in_body=True,
        way="task",
        scope="infer",
    )


TASK_ROUTES = (
    *(
        Route(
            "POST",
            path,
            infer,
            {200: InferReply},
            body=InferRequest,
            refusal=InferReply,
            refusals=TASK_ERRORS,
            session_in_body=True,
            way="task",
            scope="infer",
        )
        for path in ("/ml/infer", "/infer")
    ),
    *(task_route(task, path) for task in PUBLIC_TASKS.values() for path in task.paths),
)

STREAM_ERRORS = (
    errors.MalformedBody,
    errors.StreamActive,
    errors.SessionActive,
    errors.StreamEnded,
    errors.PictureTooLarge,
    errors.AudioTooLong,
    errors.WrongContentType,
    errors.InvalidField,
    errors.BadPicture,
    errors.BadAudio,
    errors.Overloaded,
    errors.Draining,
    errors.ArenaExhausted,
    errors.ModelUnavailable,
    errors.StoreUnavailable,
)


def stream_routes(stream: StreamSpec) -> tuple[Route, ...]:
    """The paths of one stream's WebSocket."""
    handler = stream_handler(stream)
    paths = (f"/ml/stream/{{session_id}}/{stream.name}", f"/{stream.name}/stream/{{session_id}}")
    query = {"sample_rate": SampleRate} if "audio" in stream.tracks else {}
    return tuple(
        Route(
            "GET",
            path,
            handler,
            {101: None},
            refusals=STREAM_ERRORS,
            query=query,
            way="placed",
            scope="publish",
        )
        for path in paths
    )


STREAM_ROUTES = tuple(route for stream in STREAMS.values() for route in stream_routes(stream))

EVIDENCE_ERRORS = (errors.SessionNotFound, errors.EvidenceNotFound, errors.StoreUnavailable)

EVIDENCE_ROUTES = (
    Route(
        "GET",
        "/sessions/{session_id}/evidence",
        list_evidence,
        {200: EvidenceList},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
        way="holder",
    ),
    Route(
        "GET",
        "/sessions/{session_id}/evidence/chain",
        check_chain,
        {200: ChainView},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
        way="holder",
    ),
    Route(
        "GET",
        "/sessions/{session_id}/evidence/{evidence_id}",
        get_evidence,
        {200: Evidence},
        refusals=EVIDENCE_ERRORS,
        way="holder",
    ),
    *(
        Route(
            "GET",
            f"/sessions/{{session_id}}/evidence/{{evidence_id}}/{part}",
            handler,
            {200: content_type},
            refusals=(*EVIDENCE_ERRORS, errors.EvidencePending),
            way="holder",
        )
        for part, handler, content_type in (
            ("snapshot", get_snapshot, "image/jpeg"),
            ("clip", get_clip, "video/webm"),
        )
    ),
)

API_ROUTES = (
    *(Route("GET", path, page(path), {200: "text/html"}, public=True) for path in PAGES),
    Route(
        "GET",
        "/ui/{name}",
        dashboard_file,
        {200: FILE_TYPES},
        refusals=(errors.PathNotFound,),
        public=True,
        parts={"name": FileName},
    ),
    Route(
        "GET",
        "/ui/{page}/{name}",
        dashboard_file,
        {200: FILE_TYPES},
        refusals=(errors.PathNotFound,),
        public=True,
        parts={"page": PageName, "name": FileName},
    ),
    Route("GET", "/health", health, {200: Health}, public=True),
    Route(
        "GET",
        "/ready",
        ready,
        {200: Readiness, 503: Readiness},
        refusals=(errors.InvalidField,),
        query={"tiers": Tiers},
        public=True,
    ),
    Route("GET", "/hosts", list_hosts, {200: HostsView}),
    Route("POST", "/drain", drain, {200: DrainView}, scope="admin"),
    Route("DELETE", "/drain", end_drain, {200: DrainView}, scope="admin"),
    Route("GET", "/metrics", metrics, {200: CONTENT_TYPE}),
    Route("GET", "/operations.json", operations, {200: Operations}),
    Route(
        "POST",
        "/tokens",
        make_token,
        {201: SessionToken},
        body=TokenRequest,
        refusals=(*BODY_ERRORS, errors.StoreUnavailable),
        session_in_body=True,
        scope="admin",
    ),
    Route(
        "DELETE", "/tokens", withdraw_tokens, {204: None}, refusals=(errors.StoreUnavailable,), scope="admin"
    ),
    Route(
        "POST",
        "/whip/{session_id}",
        publish,
        {201: SDP},
        body=SDP,
        refusals=(
            *BODY_ERRORS,
            errors.SessionActive,
            errors.RateLimited,
            errors.Draining,
            errors.Overloaded,
            errors.NoIngestWorker,
            errors.StoreUnavailable,
            errors.WorkerTimeout,
        ),
        way="placed",
        scope="publish",
    ),
    Route(
        "GET",
        "/whip/{session_id}",
        nothing_to_get,
        {204: None},
        refusals=(errors.InvalidField,),
        way="holder",
        scope="publish",
    ),
    Route(
        "PATCH",
        "/whip/{session_id}/{resource}",
        trickle,
        {204: None},
        body=FRAGMENT,
        refusals=(
            errors.ResourceNotFound,
            errors.MalformedBody,
            errors.BodyTooLarge,
            errors.WrongContentType,
            errors.PreconditionFailed,
            errors.IceRestartUnsupported,
        ),
        way="holder",
        scope="publish",
    ),
    Route(
        "GET",
        "/whip/{session_id}/{resource}",
        nothing_to_get,
        {204: None},
        refusals=(errors.InvalidField, errors.ResourceNotFound),
        way="holder",
        scope="publish",
    ),
    Route(
        "DELETE",
        "/whip/{session_id}/{resource}",
        unpublish,
        {200: None},
        refusals=(errors.ResourceNotFound, errors.SessionActive),
        way="holder",
        scope="publish",
    ),
    Route("GET", "/sessions", list_sessions, {200: SessionList}),
    Route(
        "PUT",
        "/sessions/{session_id}",
        put_session,
        {200: SessionView, 201: SessionView},
        body=SessionBody,
        refusals=(
            *BODY_ERRORS,
            errors.NoReference,
            errors.Overloaded,
            errors.Draining,
            errors.StoreUnavailable,
        ),
        way="placed",
        scope="admin",
    ),
    Route(
        "GET",
        "/sessions/{session_id}",
        get_session,
        {200: SessionView},
        refusals=(errors.SessionNotFound,),
        way="holder",
    ),
    Route(
        "DELETE",
        "/sessions/{session_id}",
        delete_session,
        {204: None},
        refusals=(errors.SessionNotFound, errors.SessionActive, errors.StoreUnavailable),
        way="holder",
        scope="admin",
    ),
    Route(
        "GET",
        "/sessions/{session_id}/results",
        get_results,
        {200: Results},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
    ),
    *EVIDENCE_ROUTES,
    Route(
        "GET",
        "/reviews",
        review_queue,
        {200: ReviewQueue},
        refusals=(errors.InvalidField, errors.StoreUnavailable),
        query=QUERY,
    ),
    Route(
        "GET",
        "/sessions/{session_id}/reviews",
        list_reviews,
        {200: ReviewList},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
    ),
    Route(
        "PUT",
        "/sessions/{session_id}/reviews/{seq}",
        put_review,
        {200: Review},
        body=ReviewBody,
        refusals=(
            *BODY_ERRORS,
            errors.SessionNotFound,
            errors.ViolationNotFound,
            errors.SessionActive,
            errors.StoreUnavailable,
        ),
        way="holder",
        scope="review",
        parts={"seq": Seq},
    ),
    Route(
        "GET",
        "/sessions/{session_id}/report",
        get_report,
        {200: (Report, CSV)},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
        way="holder",
    ),
    Route(
        "GET",
        "/sessions/{session_id}/events",
        session_events,
        {200: EVENT_STREAM},
        refusals=(errors.SessionNotFound, *EVENT_ERRORS),
        headers={"Last-Event-ID": Position},
        query={"after": Position},
    ),
    Route(
        "GET",
        "/events",
        all_events,
        {200: EVENT_STREAM},
        refusals=EVENT_ERRORS,
        headers={"Last-Event-ID": Position},
        query={"after": Position},
    ),
)

ROUTES: list[Route] = [*API_ROUTES, *TASK_ROUTES, *STREAM_ROUTES]
ROUTES.append(
    Route(
        "POST",
        "/tickets",
        ticket_handler(ROUTES),
        {201: SessionTicket},
        body=TicketRequest,
        refusals=(*BODY_ERRORS, errors.StoreUnavailable),
        session_in_body=True,
        scope=None,
    )
)
ROUTES.append(Route("GET", "/openapi.json", serve_document(ROUTES), {200: "application/json"}, public=True))

FOLLOWED = frozenset[object](route.handler for route in ROUTES if EVENT_STREAM in route.replies.values())
"""The handlers whose answers go on until their caller leaves."""
