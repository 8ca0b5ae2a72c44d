"""Whose media something is about: the key that every process files it under."""

import msgspec

from .catalog import StreamName


class MediaKey(msgspec.Struct, frozen=True):
    """Media of a session: its publisher's, or with ``stream`` those of the WebSocket that brings this stream.

    The streams of a publisher share its tracks. Each WebSocket brings tracks of its own.
    """

    session_id: str
    stream: StreamName | None = None
