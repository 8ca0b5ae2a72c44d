"""Server-sent events, the receiving side: bytes in, messages out (WHATWG HTML, section 9.2.6)."""

from collections.abc import Iterator
from typing import NamedTuple

from .errors import StreamBroken

MAX_MESSAGE = 1 << 20


class SseMessage(NamedTuple):
    """One dispatched message: its ``event`` name, ``data``, and the last event id seen until then."""

    event: str
    data: str
    last_event_id: str


class SseParser:
    """Takes a response body in pieces of any size and gives complete messages.

    ``last_event_id``: that of the last complete message, be it one without data, or what was given.
    """

    def __init__(self, last_event_id: str = "") -> None:
        self._pending = b""
        self._id = last_event_id
        self._event = ""
        self._data: list[str] = []
        self._size = 0
        self.last_event_id = last_event_id

    def feed(self, piece: bytes) -> Iterator[SseMessage]:
        """Yield the messages that ``piece`` completes.

        Raises:
            StreamBroken: a message is longer than ``MAX_MESSAGE`` bytes.
        """
        # A CR at the end may be the first half of a CRLF: it waits for the next piece.
        text = (self._pending + piece).replace(b"\r\n", b"\n")
        held = b"\r" if text.endswith(b"\r") else b""
        *lines, rest = text[: len(text) - len(held)].replace(b"\r", b"\n").split(b"\n")
        self._pending = rest + held
        if self._size + len(self._pending) > MAX_MESSAGE:
            raise StreamBroken(f"an event is longer than {MAX_MESSAGE} bytes")
        for line in lines:
            message = self._take(line.decode("utf-8", "replace"))
            if message is not None:
                yield message

    def _take(self, line: str) -> SseMessage | None:
        if not line:
            return self._dispatch()
        self._size += len(line)
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._event = value
        elif field == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> SseMessage | None:
        event, data = self._event or "message", "\n".join(self._data)
        had_data = bool(self._data)
        self._event, self._data, self._size = "", [], 0
        self.last_event_id = self._id
        return SseMessage(event, data, self.last_event_id) if had_data else None
