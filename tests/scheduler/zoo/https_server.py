"""A stand-in for the hosts that publish models: real HTTPS, on this machine, that records what is asked."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ...certificates import self_signed


class Request(NamedTuple):
    """What was asked for, under which name of the host, with which token and cookie."""

    path: str
    host: str
    authorization: str | None
    cookie: str | None


class Answer(NamedTuple):
    """``length`` of the body as the headers say it; None: as it is."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType({})
    length: int | None = None


class HttpsHost:
    """Answers at ``url`` and, the same host by another name, at ``other_url``."""

    def __init__(self, port: int) -> None:
        self.url = f"https://localhost:{port}"
        self.other_url = f"https://127.0.0.1:{port}"
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer] = lambda _: Answer(404)


@contextmanager
def https_host(folder: Path) -> Iterator[tuple[HttpsHost, Path]]:
    """Serve; gives the host and the certificate to trust."""
    certificate, key = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            named = self.headers
            request = Request(self.path, named["Host"], named["Authorization"], named["Cookie"])
            host.requests.append(request)
            answer = host.answer(request)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            length = len(answer.body) if answer.length is None else answer.length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in http.server
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        host = HttpsHost(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield host, certificate
        finally:
            server.shutdown()
            thread.join()
