"""Spans by OpenTelemetry's own library, sent by OTLP over HTTP. Imported only where traces are wanted.

A thread sends them every few seconds. What waits is bounded (2,048 spans); what comes beyond is dropped, as
is what a collector does not take within some seconds.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Span as AnySpan
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ..contract.logs.trace_context import TRACEPARENT

HEADER = "traceparent"
TAKEN_WITHIN_S = 3.0  # as a stop waits for it
W3C = TraceContextTextMapPropagator()
KINDS = {"request": SpanKind.SERVER, "dispatch": SpanKind.CLIENT, "task": SpanKind.SERVER}


class OpenTelemetrySpan:
    """See ``traces.Span``."""

    def __init__(self, span: AnySpan) -> None:
        self._span = span

    def tell(self, **attributes: str | int) -> None:
        """See ``traces.Span``."""
        self._span.set_attributes(dotted(attributes))

    def fail(self) -> None:
        """See ``traces.Span``."""
        self._span.set_status(Status(StatusCode.ERROR))


class OpenTelemetry:
    """See ``traces.Traces``."""

    on = True

    def __init__(self, process: str, url: str, share: float) -> None:
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource.create({"service.namespace": "argusd", "service.name": f"argusd-{process}"}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url, timeout=TAKEN_WITHIN_S)))
        self._tracer = self._provider.get_tracer("argusd")

    @contextmanager
    def span(self, name: str, parent: str | None = None) -> Iterator[OpenTelemetrySpan]:
        """See ``traces.Traces``."""
        inside = context_of(TRACEPARENT.get() if parent is None else parent)
        span = self._tracer.start_span(name, inside, KINDS.get(name, SpanKind.INTERNAL))
        before = TRACEPARENT.set(traceparent_of(span))
        try:
            yield OpenTelemetrySpan(span)
        except BaseException:
            span.set_status(Status(StatusCode.ERROR))
            raise
        finally:
            TRACEPARENT.reset(before)
            span.end()

    def record(self, name: str, parent: str, began: float, ended: float, **attributes: str | int) -> None:
        """See ``traces.Traces``."""
        offset_ns = time.time_ns() - time.monotonic_ns()
        span = self._tracer.start_span(
            name,
            context_of(parent),
            attributes=dotted(attributes),
            start_time=offset_ns + int(began * 1e9),
        )
        span.end(offset_ns + int(ended * 1e9))

    def close(self) -> None:
        """See ``traces.Traces``."""
        self._provider.shutdown()


def context_of(traceparent: str) -> Context:
    """The context that a header describes; of its own trace where it describes none."""
    return W3C.extract({HEADER: traceparent}, Context())


def traceparent_of(span: AnySpan) -> str:
    """The header that describes this span."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier, set_span_in_context(span, Context()))
    return carrier.get(HEADER, "")


def dotted(attributes: dict[str, str | int]) -> dict[str, str | int]:
    """Attributes under their own names."""
    return {name.replace("__", "."): value for name, value in attributes.items()}
