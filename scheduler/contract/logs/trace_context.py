"""Which trace the work at hand belongs to, on its way through processes (W3C Trace Context)."""

from contextvars import ContextVar

TRACE_HEADER = "traceparent"
TRACEPARENT: ContextVar[str] = ContextVar(TRACE_HEADER, default="")
"""The span that the work is part of, as that header has it; empty where nothing is traced."""
