"""Read by schemathesis itself: how bodies in our media types are written, and what says nothing of them."""

from typing import Any

import schemathesis


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag")
def as_text(_context: Any, value: Any) -> bytes:
    """The text, as it is."""
    return str(value).encode(errors="surrogateescape")


@schemathesis.hook
def filter_case(_context: Any, case: Any) -> bool:
    """Leave out files, whose other fields stand in the query, and forms of the wrong types.

    No document says that a parameter goes with one kind of body, and in a form all values are texts.
    """
    kind = case.media_type or ""
    if kind == "multipart/form-data":
        return not case.meta.generation.mode.is_negative
    return not kind.startswith(("image/", "audio/"))
