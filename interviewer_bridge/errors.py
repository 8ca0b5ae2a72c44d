"""What a caller of the daemon may meet; each error has a stable code."""

from argusd.scheduler.contract import errors as daemon


class BridgeError(daemon.ArgusdError):
    """Base of every error of this folder."""

    code = "bridge_error"


class Refused(BridgeError):
    """The daemon says no. ``status`` is HTTP's; ``code`` and the sentence are the daemon's own.

    ``retry_after_s``: when it is worth asking again, where the daemon says so.
    """

    def __init__(self, status: int, code: str, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class PublishRefused(Refused):
    """The daemon did not take the WHIP offer."""


class SubscriptionRefused(Refused):
    """The daemon does not serve these events (unknown session, no right to it)."""


class SourceUnreadable(BridgeError):
    """The media source cannot be opened, or holds neither picture nor sound."""

    code = "source_unreadable"


class ConnectionNotMade(BridgeError):
    """The daemon answered the offer, but no media path came up in time."""

    code = "connection_not_made"


class Unreachable(BridgeError):
    """Nobody answers at the daemon's address."""

    code = "unreachable"


class HolderUnreachable(Unreachable):
    """The host that the daemon sent us to does not answer; the daemon will know so within seconds."""


class StreamBroken(BridgeError):
    """What came over the event stream is not what the daemon sends."""

    code = "stream_broken"


class OrchestratorError(BridgeError):
    """Base of what ``MLOrchestratorClient`` raises: the daemon's ``code`` and sentence.

    ``status``: HTTP's, None where no answer came. ``retry_after``: seconds after which another try may
    succeed, where the daemon says so.
    """

    code = "orchestrator_error"

    def __init__(
        self,
        sentence: str,
        *,
        code: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code or self.code
        self.status = status
        self.retry_after = retry_after


class InvalidRequest(OrchestratorError):
    """400, 405, 409, 413, 415, 422: what was sent cannot be used; sending it again would not help."""


class NoFace(InvalidRequest):
    """Nobody's face is in the image."""

    code = daemon.NoFace.code


class NoVoice(InvalidRequest):
    """Nobody speaks in the sound, or too little to tell a voice by."""

    code = daemon.NoSpeech.code


class NotAllowed(OrchestratorError):
    """401, 403: the token is missing, wrong, or not good for this session."""


class NotThere(OrchestratorError):
    """404: no such session or room scan, or none any more."""


class NotNow(OrchestratorError):
    """429, 503: overloaded, draining, restarting; 409: evidence that is still made. It may succeed later."""


class ModelUnavailable(OrchestratorError):
    """The daemon lacks the weights for this; its operator has to pull them, waiting does not help."""

    code = daemon.ModelUnavailable.code


class TooLate(OrchestratorError):
    """504, or no answer within ``timeout_s``; the task may have been done nonetheless."""

    code = daemon.DeadlineExceeded.code


class DaemonFault(OrchestratorError):
    """500: a mistake inside the daemon, whose log says more; or an answer that is not the daemon's."""


class NotConnected(OrchestratorError):
    """Nobody answers at the daemon's address: nothing was sent."""

    code = "unreachable"


class AnswerLost(OrchestratorError):
    """The connection broke after the request was sent; the task may have been done nonetheless."""

    code = "answer_lost"
