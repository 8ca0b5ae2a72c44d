"""Which trace the work at hand belongs to, on its way through processes (W3C Trace Context)."""

from contextvars import ContextVar

TRACEPARENT: ContextVar[str] = ContextVar("traceparent", default="")
"""The span that the work is part of, as the header ``traceparent`` has it; empty where nothing is traced."""
