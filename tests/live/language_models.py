"""Language models that fail in every way a server can, at one address each."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VERDICT = {"verdict": "original", "probability": 0.2, "reasoning": "It hesitates."}
JUDGEMENT = {"category": "ok", "action": "allow", "confidence": 0.9, "reasoning": "Nothing to object to."}


class _Model(BaseHTTPRequestHandler):
    """The first part of the path says how it answers."""

    server: "_Server"

    def do_POST(self) -> None:
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        how = self.path.split("/")[1]
        if how == "slow":
            self.server.over.wait()
        elif how == "echo":  # as some servers do, it repeats what was sent
            self._answer(400, {"error": {"message": f"cannot answer {said}", "type": "x", "code": "x"}})
        else:
            answer = VERDICT if "transcript" in json.loads(said)["messages"][-1]["content"] else JUDGEMENT
            self._answer(200, _completion(said if how == "rambling" else json.dumps(answer)))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nowhere."""


class _Server(ThreadingHTTPServer):
    """``over`` is set when nobody needs answers any more."""

    over: threading.Event


def _completion(text: str) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    head = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
    return {**head, "usage": usage, "choices": [choice]}


@contextmanager
def language_models() -> Iterator[str]:
    """The address under which ``/good/v1``, ``/slow/v1``, ``/echo/v1`` and ``/rambling/v1`` answer."""
    server = _Server(("127.0.0.1", 0), _Model)
    server.over = threading.Event()
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.over.set()
        server.shutdown()
        serving.join()
        server.server_close()
