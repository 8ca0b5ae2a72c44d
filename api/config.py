"""What the api is told at its start; the daemon reads it from the one TOML file and validates it once."""

import ipaddress
from pathlib import Path
from typing import Annotated

import msgspec

from argusd.ingest.ice.ice_servers import IceServer
from argusd.scheduler.contract.http import DEFAULT_PORT

Count = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
# As browsers send it (RFC 6454, 6.1); a page from a file or in a sandbox is from null.
Origin = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^([a-z][a-z0-9+.-]*://[^/\s]+|null)$",
        description="an origin such as https://app.example:8443, without a path",
    ),
]


# No key or password is repeated where it does not fit: the description stands in its place.
RedisUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(rediss?://[^/\s]*(/\d*)?(\?\S*)?|unix://\S+)$",
        description="redis://host:port, rediss://host:port (TLS) or unix:///path",
    ),
]


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bearer token. With ``session_prefix`` it reaches only sessions whose id starts so, no overviews."""

    secret: str
    session_prefix: str = ""


class LlmProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A language model that requests may name; the profile ``default`` serves those that name none.

    With ``base_url`` it is an OpenAI-compatible server and ``model`` a name it knows. Without, ``model`` is
    LiteLLM's ``provider/model``, and an ``api_key`` left out comes from the provider's own variable.
    ``timeout_s`` covers a whole request: waiting for a turn, the answer, and one retry of a bad answer; with
    the very first one also the seconds that LiteLLM takes to load.
    """

    model: str
    base_url: Annotated[str, msgspec.Meta(pattern="^https?://")] | None = None
    api_key: str | None = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0


class ApiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every setting of the api.

    ``runtime_dir`` holds the control sockets of the other processes, ``state_dir`` the embedded Redis (used
    while ``redis_url`` is None). ``schedulers``: how many live ones there are. ``allowed_origins``
    (``https://host[:port]``) names the web pages whose scripts may come here although no token protects the
    daemon. ``trusted_proxies`` are the addresses and networks of reverse proxies: from these alone an
    ``X-Forwarded-For`` or ``Forwarded`` tells who the client is. With ``overcommit`` sessions are taken
    beyond what the schedulers promise to serve in time: all of them are then looked at less often.
    ``ocr_languages`` are those of a page whose sender names none. ``ice_servers`` are the STUN and TURN
    servers that WHIP clients are told of; left out, those of ``ingest.ice.ice_servers``. ``llm`` holds the
    profiles of language models, ``llm_concurrency`` says how many of their answers are awaited at a time.
    Durations are seconds, sizes bytes.
    """

    runtime_dir: Path
    state_dir: Path
    host: str = "127.0.0.1"
    port: Port = DEFAULT_PORT
    tokens: tuple[Token, ...] = ()
    allowed_origins: tuple[Origin, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    redis_url: RedisUrl | None = None
    redis_timeout_s: Seconds = 1.0
    ingest_workers: Count = 1
    schedulers: Count = 1
    overcommit: bool = False
    ocr_languages: Annotated[str, msgspec.Meta(pattern="^[a-z]{2,3}(,[a-z]{2,3})*$")] = "en"
    ice_servers: tuple[IceServer, ...] | None = None
    llm: dict[str, LlmProfile] = {}
    llm_concurrency: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8

    max_body: Count = 64 << 10
    # Base64 of what fits into one message to a scheduler, and how much of it is held at a time.
    max_task_body: Count = 20 << 20
    max_task_bytes: Count = 96 << 20
    max_sessions: Count = 10_000
    whip_posts_per_minute: Count = 240
    whip_posts_per_minute_and_session: Count = 30
    answer_timeout_s: Seconds = 10.0

    retention_s: Count = 6 * 3600
    events_per_session: Count = 10_000
    events_overall: Count = 100_000
    journal_entries: Count = 20_000
    heartbeat_s: Seconds = 10.0
    slow_consumer_s: Seconds = 10.0
    # Of WebSocket streams' media; 64 MiB hold some 60 of 1280×720.
    arena_mib: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 64
    max_streams: Count = 256
    shutdown_s: Seconds = 10.0

    def __post_init__(self) -> None:
        for text in self.trusted_proxies:
            try:
                ipaddress.ip_network(text)
            except ValueError:
                raise ValueError(
                    f"api.trusted_proxies must be IP addresses or networks such as 10.0.0.0/8: not {text}"
                ) from None
