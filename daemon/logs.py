"""How log lines look: one form for all processes, on stderr; each names its process and its session."""

import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec

from argusd.scheduler.contract.logs.about import SESSION

from .settings.secrets import Secrets

LONGEST_SESSION = 128
# A session's or an issuer's token (RFC 7519, 3.1): its header is JSON, and so begins in base64.
JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")


class LogSettings(msgspec.Struct, frozen=True):
    """``form``: lines for people (text) or for programs (json). ``secrets``: what no line may show."""

    level: str = "info"
    form: Literal["text", "json"] = "text"
    secrets: Secrets = ()


class TextLines(logging.Formatter):
    """``12:30:01 WARNING ingest-0       argusd.ingest.session: [interview-7] its DTLS failed``."""

    def __init__(self, process: str, secrets: Secrets) -> None:
        super().__init__(
            f"%(asctime)s %(levelname)-7s {process:<14} %(name)s: %(about)s%(message)s", "%H:%M:%S"
        )
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """One record, without secrets."""
        session_id = about(record)
        record.about = f"[{session_id}] " if session_id else ""
        return hidden(super().format(record), self._secrets)


class JsonLines(logging.Formatter):
    """An object a line: ``time`` (UTC), ``level``, ``process``, ``logger``, ``message``; ``session_id`` and
    ``traceback`` where there is one."""

    def __init__(self, process: str, secrets: Secrets) -> None:
        super().__init__()
        self._process = process
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """One record, without secrets."""
        line = {name: hidden(value, self._secrets) for name, value in self._fields(record) if value}
        return msgspec.json.encode(line).decode()

    def _fields(self, record: logging.LogRecord) -> Iterator[tuple[str, str]]:
        yield "time", datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        yield "level", record.levelname.lower()
        yield "process", self._process
        yield "logger", record.name
        yield "session_id", about(record)
        yield "message", record.getMessage()
        yield "traceback", self.formatException(record.exc_info) if record.exc_info else ""


FORMS = {"text": TextLines, "json": JsonLines}


def configure_logs(process: str, settings: LogSettings) -> None:
    """Send this process's log to stderr; ``process`` is its name among the daemon's (``ingest-0``)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMS[settings.form](process, settings.secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    # One line per STUN transaction and per HTTP request tells an operator nothing that metrics do not.
    for chatty in ("aioice", "aiortc", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def about(_record: logging.LogRecord) -> str:
    """The session that a record is about: a sender's words, so without line ends, and cut."""
    return "".join(character for character in SESSION.get()[:LONGEST_SESSION] if character.isprintable())


def hidden(text: str, secrets: Secrets) -> str:
    """The text with every secret of the configuration, and every JWT, crossed out: libraries quote them."""
    for secret in secrets:
        text = text.replace(secret, "•••")
    return JWT.sub("•••", text)
