"""The daemon's answers to a client: a body, or the error that its status and code stand for."""

from argusd.scheduler.contract import errors as daemon

from .errors import (
    DaemonFault,
    InvalidRequest,
    ModelUnavailable,
    NoFace,
    NotAllowed,
    NotNow,
    NotThere,
    NoVoice,
    OrchestratorError,
    TooLate,
)
from .refusal import told

OF_CODE: dict[str, type[OrchestratorError]] = {
    daemon.NoFace.code: NoFace,
    daemon.NoSpeech.code: NoVoice,
    daemon.TooShort.code: NoVoice,
    daemon.ModelUnavailable.code: ModelUnavailable,
    daemon.EvidencePending.code: NotNow,
}
OF_STATUS: dict[int, type[OrchestratorError]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotThere,
    429: NotNow,
    503: NotNow,
    504: TooLate,
}


def error_of(status: int, body: bytes, retry_after: str = "") -> OrchestratorError:
    """The error that an answer other than 2xx stands for; ``retry_after`` is the header of that name."""
    code, sentence, seconds = told(status, body, retry_after)
    return kind_of(status, code)(sentence, code=code, status=status, retry_after=seconds)


def kind_of(status: int, code: str = "") -> type[OrchestratorError]:
    """The class of an error: by its code where that has one of its own, else by its status."""
    family = InvalidRequest if 400 <= status < 500 else DaemonFault
    return OF_CODE.get(code) or OF_STATUS.get(status, family)
