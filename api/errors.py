"""What callers may meet: a class for each (status, code) of the response envelope. And what stops the start.

    caller's mistake     400 401 403 404 405 409 413 415 422 429   mend the request, or slow down
    not now              503 + Retry-After                         try again, later
    too late             504                                       the deadline passed inside

A sentence is written here or by another process of argusd; a library's text never gets out.
"""

from argusd.scheduler.contract.task_errors import Fault


class ApiError(Exception):
    """Base of every error that becomes a response. ``retry_after`` is seconds, for 409, 429 and 503.

    ``worker_id``: the worker that a task went to, if it got that far.
    """

    status = 500
    code = "internal_error"
    retry_after: int | None = None
    worker_id: str | None = None

    def __init__(self, sentence: str = "Something went wrong inside the daemon; its log says more.") -> None:
        super().__init__(sentence)
        self.sentence = sentence


class MalformedBody(ApiError):
    """The body is not what its content type says."""

    status = 400
    code = "malformed_body"


class Unauthorized(ApiError):
    """A token is needed, and none or a wrong one came."""

    status = 401
    code = "unauthorized"


class Forbidden(ApiError):
    """The token is good, but not for this."""

    status = 403
    code = "forbidden"


class OriginRefused(ApiError):
    """A web page from elsewhere reaches for a daemon that no token protects."""

    status = 403
    code = "origin_refused"


class PathNotFound(ApiError):
    """No such path."""

    status = 404
    code = "not_found"


class SessionNotFound(ApiError):
    """No session has this id."""

    status = 404
    code = "session_not_found"


class ScanExpired(ApiError):
    """No room scan of the session has this id, or none any more."""

    status = 404
    code = "scan_expired"


class ResourceNotFound(ApiError):
    """The WHIP resource is over, or never was."""

    status = 404
    code = "resource_not_found"


class MethodNotAllowed(ApiError):
    """The path exists, but not for this method."""

    status = 405
    code = "method_not_allowed"


class SessionActive(ApiError):
    """The session's media come from elsewhere. A publisher that fell silent is given up after about 10 s."""

    status = 409
    code = "session_active"
    retry_after = 10


class StreamActive(ApiError):
    """The stream's media come over another WebSocket already."""

    status = 409
    code = "stream_active"


class StreamEnded(ApiError):
    """Somebody ended the session while its media came over a WebSocket."""

    status = 410
    code = "stream_ended"


class BodyTooLarge(ApiError):
    """The body exceeds its limit."""

    status = 413
    code = "body_too_large"


class PictureTooLarge(ApiError):
    """A stream's picture has more bytes or pixels than are taken."""

    status = 413
    code = "image_too_large"


class SoundTooLong(ApiError):
    """A message of a stream holds more samples than are taken at a time."""

    status = 413
    code = "audio_too_long"


class WrongContentType(ApiError):
    """The body or message is of another type than this path takes."""

    status = 415
    code = "unsupported_media_type"


class InvalidField(ApiError):
    """A field of the request is unknown, missing, or out of its range; the sentence names it."""

    status = 422
    code = "invalid_field"


class BadPicture(ApiError):
    """A stream's picture cannot be used."""

    status = 422
    code = "bad_image"


class BadSound(ApiError):
    """A stream's samples cannot be used."""

    status = 422
    code = "bad_audio"


class LlmProfileUnknown(ApiError):
    """The request names a language model that the configuration does not have."""

    status = 422
    code = "llm_profile_unknown"


class IceRestartUnsupported(ApiError):
    """The peer asks for an ICE restart; it has to publish anew."""

    status = 422
    code = "ice_restart_unsupported"


class RateLimited(ApiError):
    """Too many attempts."""

    status = 429
    code = "rate_limited"
    retry_after = 5


class Draining(ApiError):
    """The daemon is about to stop and takes no new work."""

    status = 503
    code = "draining"
    retry_after = 5


class Overloaded(ApiError):
    """Another session would make all of them late."""

    status = 503
    code = "overloaded"
    retry_after = 10


class NoIngestWorker(ApiError):
    """No ingest worker is up that has room."""

    status = 503
    code = "no_ingest_worker"
    retry_after = 2


class StoreUnavailable(ApiError):
    """Redis does not answer."""

    status = 503
    code = "store_unavailable"
    retry_after = 2


class ArenaExhausted(ApiError):
    """There is no shared memory for another stream's media."""

    status = 503
    code = "shm_exhausted"
    retry_after = 10


class StreamUnavailable(ApiError):
    """The scheduler has no model for this stream."""

    status = 503
    code = "model_unavailable"
    retry_after = 60


class WorkerTimeout(ApiError):
    """The ingest worker did not answer within the deadline."""

    status = 504
    code = "worker_timeout"


class OfferRefused(ApiError):
    """The ingest worker turned the offer down; the code and the sentence are the worker's own."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.retry_after = 5 if status == 503 else None


class UnknownTask(ApiError):
    """There is no such task type."""

    status = 422
    code = "unknown_task"


class WorkerGone(ApiError):
    """The scheduler that would do the task is not there, or ended while it was at work."""

    status = 503
    code = "worker_gone"
    retry_after = 2


class BreakerOpen(ApiError):
    """The scheduler that would do the task has failed repeatedly and gets a rest."""

    status = 503
    code = "breaker_open"
    retry_after = 5


class WorkerSilent(ApiError):
    """The scheduler said nothing, not even at the deadline."""

    status = 504
    code = "deadline_exceeded"


STATUS_OF: dict[Fault, int] = {
    "input": 422,
    "too_large": 413,
    "missing": 404,
    "unavailable": 503,
    "deadline": 504,
    "internal": 500,
}


class TaskRefused(ApiError):
    """A task has no result; fault, code and sentence are the scheduler's (see ``Fault``)."""

    def __init__(self, fault: Fault, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault
        self.status = STATUS_OF[fault]
        self.code = code
        self.retry_after = 5 if self.status == 503 else None


class StartError(Exception):
    """Base of what keeps the api from starting."""

    code = "api_start_error"


class InsecureBind(StartError):
    """The address is reachable from other hosts and no token is configured."""

    code = "insecure_bind"


class RedisNotStarted(StartError):
    """Redis cannot be reached, or the embedded one cannot be started."""

    code = "redis_not_started"
