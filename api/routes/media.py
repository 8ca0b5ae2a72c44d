"""Media by WHIP (RFC 9725)."""

from argusd.scheduler.contract import errors

from ..http.route import Route
from ..sessions.whip import FRAGMENT, SDP, nothing_to_get, publish, trickle, unpublish
from .refusals import BODY_ERRORS

MEDIA_ROUTES = (
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
)
