"""What the scheduler calls a WebSocket's stream: ``{session_id}/{stream}``; no session's id has a slash."""


def watched_id(session_id: str, stream: str) -> str:
    """The name under which the scheduler watches this stream."""
    return f"{session_id}/{stream}"


def session_of(watched: str) -> str:
    """The session that a scheduler's session belongs to: itself, or the one whose stream it is."""
    return watched.partition("/")[0]
