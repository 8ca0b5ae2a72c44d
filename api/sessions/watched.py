"""What the scheduler calls a WebSocket's stream: ``{session_id}/{stream}``; no session's id has a slash."""


def watched_id(session_id: str, stream: str) -> str:
    """The name under which the scheduler watches this stream."""
    return f"{session_id}/{stream}"


def stream_of(watched: str) -> str:
    """The WebSocket's stream that a scheduler's session is; empty where it is a session itself."""
    return watched.partition("/")[2]


def session_of(watched: str) -> str:
    """The session that a scheduler's session belongs to: itself, or the one whose stream it is."""
    return watched.partition("/")[0]
