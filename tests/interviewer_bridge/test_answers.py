"""Every status and code of the wire contract becomes the error that callers catch."""

import pytest

from argusd.interviewer_bridge.answers import error_of
from argusd.interviewer_bridge.errors import (
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


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "malformed_body", InvalidRequest),
        (401, "unauthorized", NotAllowed),
        (403, "forbidden", NotAllowed),
        (404, "scan_expired", NotThere),
        (409, "session_active", InvalidRequest),
        (413, "body_too_large", InvalidRequest),
        (422, "bad_image", InvalidRequest),
        (422, "no_face", NoFace),
        (422, "no_speech", NoVoice),
        (422, "too_short", NoVoice),
        (429, "rate_limited", NotNow),
        (500, "internal_error", DaemonFault),
        (503, "overloaded", NotNow),
        (503, "model_unavailable", ModelUnavailable),
        (504, "deadline_exceeded", TooLate),
    ],
)
def test_the_envelope_gives_the_error(status: int, code: str, kind: type[OrchestratorError]) -> None:
    body = b'{"success": false, "error_code": "%s", "error": "A sentence."}' % code.encode()
    error = error_of(status, body, "7")
    assert type(error) is kind
    assert (error.code, error.status, error.retry_after, str(error)) == (code, status, 7.0, "A sentence.")


@pytest.mark.parametrize(
    "body", [b"", b"<h1>Bad gateway</h1>", b"[]", b'{"error": 5}', b'{"error_code": "x", "error": "\xe9"}']
)
def test_what_stands_between_here_and_the_daemon_speaks_no_json(body: bytes) -> None:
    error = error_of(502, body, "soon")
    assert type(error) is DaemonFault
    assert (error.code, error.status, error.retry_after) == ("http_502", 502, None)
