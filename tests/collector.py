"""A collector of traces: takes OTLP over HTTP as any collector does, and remembers the spans."""

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class CollectedSpan(NamedTuple):
    """A span as it came; ids in hex, times in unix seconds."""

    process: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    began: float
    ended: float
    attributes: dict[str, str | int]
    failed: bool


class Collector:
    """``spans``: all that came so far."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[CollectedSpan] = []
        self._news = threading.Condition()

    def take(self, body: bytes) -> None:
        found = list(spans_in(ExportTraceServiceRequest.FromString(body)))
        with self._news:
            self.spans += found
            self._news.notify_all()

    def wait_for(self, *names: str) -> dict[str, CollectedSpan]:
        """The first span of each name, once all have come."""
        with self._news:
            came = self._news.wait_for(lambda: {span.name for span in self.spans} >= set(names), 60)
            assert came, f"of {names} came {[span.name for span in self.spans]}"
        return {name: next(span for span in self.spans if span.name == name) for name in names}


def spans_in(request: ExportTraceServiceRequest) -> Iterator[CollectedSpan]:
    for resource_spans in request.resource_spans:
        about = {each.key: each.value.string_value for each in resource_spans.resource.attributes}
        for span in (span for scope in resource_spans.scope_spans for span in scope.spans):
            yield CollectedSpan(
                about["service.name"],
                span.name,
                span.trace_id.hex(),
                span.span_id.hex(),
                span.parent_span_id.hex(),
                span.start_time_unix_nano / 1e9,
                span.end_time_unix_nano / 1e9,
                {each.key: each.value.string_value or each.value.int_value for each in span.attributes},
                span.status.code == span.status.STATUS_CODE_ERROR,
            )


@contextlib.contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of its own."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()
