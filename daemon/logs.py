"""How log lines look: one format for all processes, on stderr, the process named in each line."""

import logging
import sys


def configure_logs(process: str, level: str) -> None:
    """Send this process's log to stderr; ``process`` is its name among the daemon's (``ingest-0``)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(f"%(asctime)s %(levelname)-7s {process:<14} %(name)s: %(message)s", "%H:%M:%S")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # One line per STUN transaction and per HTTP request tells an operator nothing that metrics do not.
    for chatty in ("aioice", "aiortc", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
