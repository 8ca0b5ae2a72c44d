"""How a service in any language asks for a task: one HTTP request, JSON in and out."""

import http.client
from typing import Any
from urllib.parse import urlsplit

import msgspec

from argusd.interviewer_bridge.events import bearer

from .live_daemon import Daemon

Answer = tuple[int, dict[str, Any]]


class Client:
    """A plain HTTP client of one session; ``token`` where the daemon wants one."""

    def __init__(self, daemon: Daemon, token: str | None = None) -> None:
        self._address = urlsplit(daemon.url).netloc
        self._headers = {"Content-Type": "application/json"} | bearer(token)

    def post(self, path: str, session_id: str = "sched_abc123", **body: Any) -> Answer:
        """One request; bytes travel as base64."""
        connection = http.client.HTTPConnection(self._address, timeout=90)
        try:
            encoded = msgspec.json.encode({"session_id": session_id, "timeout_s": 60.0, **body})
            connection.request("POST", path, encoded, self._headers)
            response = connection.getresponse()
            return response.status, msgspec.json.decode(response.read())
        finally:
            connection.close()

    def result(self, path: str, **body: Any) -> dict[str, Any]:
        status, answer = self.post(path, **body)
        assert (status, answer["success"], answer["error"]) == (200, True, None), answer
        result: dict[str, Any] = answer["result"]
        return result
