"""What the api is told at its start; the daemon reads it from the one TOML file and validates it once."""

from pathlib import Path

import msgspec


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bearer token. With ``session_prefix`` it reaches only sessions whose id starts so, no overviews."""

    secret: str
    session_prefix: str = ""


class ApiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every setting of the api.

    ``runtime_dir`` holds the control sockets of the other processes, ``state_dir`` the embedded Redis (used
    while ``redis_url`` is None). ``allowed_origins`` (``https://host[:port]``) names the web pages whose
    scripts may come here although no token protects the daemon. With ``overcommit`` sessions are taken beyond
    what the scheduler promises to serve in time: all of them are then looked at less often. Durations are
    seconds, sizes bytes.
    """

    runtime_dir: Path
    state_dir: Path
    host: str = "127.0.0.1"
    port: int = 8015
    tokens: tuple[Token, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    redis_url: str | None = None
    redis_timeout_s: float = 1.0
    ingest_workers: int = 1
    overcommit: bool = False

    max_body: int = 64 << 10
    max_sessions: int = 10_000
    whip_posts_per_minute: int = 240
    whip_posts_per_minute_and_session: int = 30
    answer_timeout_s: float = 10.0

    retention_s: int = 6 * 3600
    events_per_session: int = 10_000
    events_overall: int = 100_000
    journal_entries: int = 20_000
    heartbeat_s: float = 10.0
    slow_consumer_s: float = 10.0
    shutdown_s: float = 10.0
