"""What a caller may meet: a class for each error code, with its HTTP status and whether to try again.

    caller's mistake     400 401 403 404 405 409 410 413 415 422 429   mend the request, or slow down
                         408 431
    ours                 500                                           the log says more
    not now              503 + Retry-After                             try again, later
    too late             504                                           the deadline passed inside

Every process raises these. From one to the next go the code and the sentence, of which ``error_of`` makes the
error again. A sentence is written here or by another process of argusd; a library's text never gets out.
"""


class ArgusdError(Exception):
    """Base of every error that people meet: the message is a sentence for them, the code is for programs."""

    code = "argusd_error"


BY_CODE: "dict[str, type[ServiceError]]" = {}


class ServiceError(ArgusdError):
    """Base of every error that becomes a response; the message is a sentence for the caller.

    ``retry_after``: after so many seconds the same request may succeed; None where it will not.
    ``worker_id``: the worker that a task went to, if it got that far.
    """

    code = "internal_error"
    status = 500
    retry_after: int | None = None
    worker_id: str | None = None

    def __init__(self, sentence: str = "Something went wrong inside the daemon; its log says more.") -> None:
        super().__init__(sentence)

    def __init_subclass__(cls, *, status: int = 0, code: str = "", retry_after: int | None = None) -> None:
        """Name the code, or be a special case of an error that has one."""
        super().__init_subclass__()
        if code:
            assert code not in BY_CODE, f"two errors have the code {code}"
            cls.status, cls.code, cls.retry_after = status, code, retry_after
            BY_CODE[code] = cls


def error_of(code: str, sentence: str) -> ServiceError:
    """The error that another process tells of."""
    return BY_CODE.get(code, ServiceError)(sentence)


class MalformedRequest(ServiceError, status=400, code="malformed_request"):
    """It is not HTTP/1.1, or asks for something that no server of this kind does."""


class MalformedBody(ServiceError, status=400, code="malformed_body"):
    """The body is not what its content type says."""


class BadOffer(ServiceError, status=400, code="bad_offer"):
    """The SDP is malformed, too long, or lacks what WebRTC demands (BUNDLE, rtcp-mux, DTLS, ICE)."""


class Unauthorized(ServiceError, status=401, code="unauthorized"):
    """A token is needed, and none or a wrong one came."""


class Forbidden(ServiceError, status=403, code="forbidden"):
    """The token is good, but for other sessions."""


class InsufficientScope(ServiceError, status=403, code="insufficient_scope"):
    """The token is good, but not for this kind of request (RFC 6750, 3.1)."""


class OriginRefused(ServiceError, status=403, code="origin_refused"):
    """A web page from elsewhere reaches for a daemon that no token protects."""


class PathNotFound(ServiceError, status=404, code="not_found"):
    """No such path."""


class SessionNotFound(ServiceError, status=404, code="session_not_found"):
    """No session has this id."""


class EvidenceNotFound(ServiceError, status=404, code="evidence_not_found"):
    """The session has no evidence of this id, or not this part of it."""


class ScanExpired(ServiceError, status=404, code="scan_expired"):
    """No room scan of the session has this id, or none any more."""


class ViolationNotFound(ServiceError, status=404, code="violation_not_found"):
    """No violation that the session still has begins with this event."""


class ResourceNotFound(ServiceError, status=404, code="resource_not_found"):
    """The WHIP resource is over, or never was."""


class MethodNotAllowed(ServiceError, status=405, code="method_not_allowed"):
    """The path exists, but not for this method."""


class RequestTimeout(ServiceError, status=408, code="request_timeout"):
    """The request comes too slowly."""


class SessionActive(ServiceError, status=409, code="session_active", retry_after=10):
    """The session's media come from elsewhere. A publisher that fell silent is given up after about 10 s."""


class NoReference(ServiceError, status=409, code="no_reference"):
    """A policy leaves a reference embedding as it is, and there is none."""


class SessionExists(ServiceError, status=409, code="session_exists"):
    """The ingest worker already holds a session of that id."""


class EvidencePending(ServiceError, status=409, code="evidence_pending", retry_after=2):
    """This part of the evidence is still being made."""


class StreamActive(ServiceError, status=409, code="stream_active"):
    """The stream's media come over another WebSocket already."""


class StreamEnded(ServiceError, status=410, code="stream_ended"):
    """Somebody ended the session while its media came over a WebSocket."""


class BodyTooLarge(ServiceError, status=413, code="body_too_large"):
    """The body exceeds its limit."""


class PictureTooLarge(ServiceError, status=413, code="image_too_large"):
    """The picture has more bytes or pixels than are taken."""


class AudioTooLong(ServiceError, status=413, code="audio_too_long"):
    """The sound is longer than is taken at a time."""


class WrongContentType(ServiceError, status=415, code="unsupported_media_type"):
    """The body or message is of another type than this path takes."""


class InvalidField(ServiceError, status=422, code="invalid_field"):
    """A field of the request is unknown, missing, or out of its range; the sentence names it."""


class UnknownTask(ServiceError, status=422, code="unknown_task"):
    """There is no such task type."""


class BadPicture(ServiceError, status=422, code="bad_image"):
    """The picture cannot be decoded."""


class BadAudio(ServiceError, status=422, code="bad_audio"):
    """The sound cannot be decoded, or its rate is not known."""


class NoFace(ServiceError, status=422, code="no_face"):
    """Nobody's face is in the image."""


class NoSpeech(ServiceError, status=422, code="no_speech"):
    """Nobody speaks in the sound."""


class TooShort(ServiceError, status=422, code="too_short"):
    """There is less sound, or less speech in it, than a voice can be told from."""


class LanguageUnsupported(ServiceError, status=422, code="language_unsupported"):
    """No text reader knows the language."""


class EmbeddingSize(ServiceError, status=422, code="embedding_size"):
    """The reference embedding is not one of the model that would be compared with it."""


class EmbeddingModel(ServiceError, status=422, code="embedding_model"):
    """The reference embedding was made by another model than the one it would be compared with."""


class LlmProfileUnknown(ServiceError, status=422, code="llm_profile_unknown"):
    """The request names a language model that the configuration does not have."""


class PreconditionFailed(ServiceError, status=412, code="precondition_failed"):
    """The request is about something that was replaced meanwhile."""


class IceRestartUnsupported(ServiceError, status=422, code="ice_restart_unsupported"):
    """The peer asks for an ICE restart; it has to publish anew."""


class OfferNotSending(ServiceError, status=422, code="offer_not_sending"):
    """All media sections of the offer are recvonly or inactive; a WHIP client sends."""


class TooManyTracks(ServiceError, status=422, code="too_many_tracks"):
    """More than one track of a kind is offered."""


class UnsupportedCodec(ServiceError, status=422, code="unsupported_codec"):
    """A media section that sends offers no codec that is received (see ingest's capabilities.py)."""


class RateLimited(ServiceError, status=429, code="rate_limited", retry_after=5):
    """Too many attempts."""


class TooManyReaders(ServiceError, status=429, code="too_many_readers", retry_after=5):
    """The client has as many event streams open as one may have."""


class HeadTooLarge(ServiceError, status=431, code="head_too_large"):
    """The request's line and headers exceed their limits."""


class InferenceRefused(ServiceError, status=500, code="inference_failed"):
    """The batch that the task's picture or sound was part of failed."""


class Draining(ServiceError, status=503, code="draining", retry_after=5):
    """The process is about to stop and takes no new work."""


class NotReady(ServiceError, status=503, code="not_ready", retry_after=2):
    """Part of the daemon has yet to start, or is away."""


class Overloaded(ServiceError, status=503, code="overloaded", retry_after=10):
    """As much is at work as may be, or another session would make all of them late."""


class NoIngestWorker(ServiceError, status=503, code="no_ingest_worker", retry_after=2):
    """No ingest worker is up that has room."""


class WorkerFull(ServiceError, status=503, code="worker_full", retry_after=5):
    """The ingest worker holds as many sessions as it may."""


class NoIceCandidate(ServiceError, status=503, code="no_ice_candidate", retry_after=5):
    """There is no address to answer with: none of those configured is on this machine, or no port is free."""


class SessionEnded(ServiceError, status=503, code="session_ended", retry_after=5):
    """The session was ended while its offer was being answered."""


class ArenaExhausted(ServiceError, status=503, code="shm_exhausted", retry_after=10):
    """There is no shared memory for further media."""


class StoreUnavailable(ServiceError, status=503, code="store_unavailable", retry_after=2):
    """Redis does not answer."""


class HeldElsewhere(ServiceError, status=503, code="held_elsewhere", retry_after=1):
    """Another host holds the session by now; asked again, that one answers."""


class HostUnreachable(ServiceError, status=503, code="host_unreachable", retry_after=2):
    """The host that would answer, because it holds the session, cannot be reached."""


class ModelUnavailable(ServiceError, status=503, code="model_unavailable", retry_after=60):
    """A role that the task or stream needs has no model here; its operator has to pull one."""


class WorkerGone(ServiceError, status=503, code="worker_gone", retry_after=2):
    """The scheduler that would do the task is not there, or ended while it was at work."""


class BreakerOpen(ServiceError, status=503, code="breaker_open", retry_after=5):
    """The scheduler that would do the task has failed repeatedly and gets a rest."""


class WorkerTimeout(ServiceError, status=504, code="worker_timeout"):
    """The ingest worker did not answer within the deadline."""


class DeadlineExceeded(ServiceError, status=504, code="deadline_exceeded"):
    """The task was not done in the time its caller gave."""
