"""How a service in any language asks for a task: one HTTP request, JSON in and out."""

import http.client
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from argusd.interviewer_bridge.events import bearer
from argusd.scheduler.contract.catalog import TASKS
from argusd.scheduler.contract.tasks.spec import Reply as TaskReply

from .live_daemon import Daemon

Answer = tuple[int, dict[str, Any]]


class Reply(NamedTuple):
    """A response whose body is the envelope."""

    status: int
    answer: dict[str, Any]
    headers: dict[str, str]


class Client:
    """A plain HTTP client of one session; ``token`` where the daemon wants one."""

    def __init__(self, daemon: Daemon, token: str | None = None) -> None:
        self._address = urlsplit(daemon.url).netloc
        self._headers = {"Content-Type": "application/json"} | bearer(token)

    def ask(self, path: str, session_id: str = "sched_abc123", **body: Any) -> Reply:
        """One request; bytes travel as base64."""
        connection = http.client.HTTPConnection(self._address, timeout=300)
        try:
            encoded = msgspec.json.encode({"session_id": session_id, "timeout_s": 280.0, **body})
            connection.request("POST", path, encoded, self._headers)
            response = connection.getresponse()
            return Reply(response.status, msgspec.json.decode(response.read()), dict(response.headers))
        finally:
            connection.close()

    def post(self, path: str, **body: Any) -> Answer:
        """Its status and body."""
        return self.ask(path, **body)[:2]

    def result(self, path: str, **body: Any) -> dict[str, Any]:
        """What a task gives; held to what the task says that it gives."""
        status, answer = self.post(path, **body)
        assert (status, answer["success"], answer["error"]) == (200, True, None), answer
        result: dict[str, Any] = answer["result"]
        if task := TASKS.get(answer["task_type"]):
            replies = [task.reply, *(path.reply for path in task.paths if path.reply)]
            assert any(fits(result, reply) for reply in replies), result
        return result


def fits(result: dict[str, Any], reply: type[TaskReply]) -> bool:
    """Whether the result has all fields of the reply, as it describes them, and no others."""
    try:
        return bool(msgspec.to_builtins(msgspec.convert(result, reply)) == result)
    except msgspec.ValidationError:
        return False
