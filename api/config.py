"""What the api is told at its start; the daemon reads it from the one TOML file and validates it once."""

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from argusd.ingest.ice.ice_servers import IceServer
from argusd.scheduler.contract.http import DEFAULT_PORT, HOST, WebUrl
from argusd.scheduler.contract.names import ENDS, NameStart, VisibleText
from argusd.scheduler.contract.quantities import Count, Port, Seconds, Share

from .errors import SecretUnreadable
from .secrets import check_line, read_secret
from .webhooks.config import WebhookConfig

# As browsers send it (RFC 6454, 6.1); a page from a file or in a sandbox is from null.
Origin = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^([a-z][a-z0-9+.-]*://[^/\s]+|null){ENDS}",
        description="an origin such as https://app.example:8443, without a path",
    ),
]


# No key or password is repeated where it does not fit: the description stands in its place.
RedisUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^(rediss?://[^/\s]*(/\d*)?(\?\S*)?|unix://\S+){ENDS}",
        description="redis://host:port, rediss://host:port (TLS) or unix:///path",
    ),
]


HostUrl = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^https?://{HOST}/?{ENDS}",
        description="http:// or https:// with a host and its port, without a path, "
        "an IPv6 address in brackets",
    ),
]


HostId = Annotated[
    str,
    msgspec.Meta(pattern=rf"^[A-Za-z0-9_.-]{{1,128}}{ENDS}", description="1 to 128 letters, digits or _ . -"),
]


Languages = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^[a-z]{{2,3}}(,[a-z]{{2,3}})*{ENDS}", description="codes of languages such as en,hi"
    ),
]


Scope = Literal["publish", "infer", "watch", "review", "admin"]
"""What a token is for: to send media, to ask for tasks, to see sessions and what is found in them, to review
violations, to set up and end sessions."""

OLDER_SCOPES: Mapping[str, Scope] = {"read": "watch"}


def scopes_of(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes among these names, older names included."""
    said = {OLDER_SCOPES.get(name, name) for name in names}
    return frozenset[Scope](scope for scope in get_args(Scope) if scope in said)


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bearer token: ``secret`` (best in the environment, with the whole list), or alone in ``secret_file``.

    With ``session_prefix`` it reaches only sessions whose id starts so, no overviews. ``scopes`` are all
    unless they are named; ``read`` is an older name of ``watch``. ``requests_per_minute`` takes the place of
    the api's own.
    """

    secret: str = ""
    session_prefix: NameStart = ""
    secret_file: Path | None = None
    scopes: tuple[Scope | Literal["read"], ...] = get_args(Scope)
    requests_per_minute: Count | None = None

    def __repr__(self) -> str:
        return f"Token(session_prefix={self.session_prefix!r}, scopes={self.scopes})"  # never the secret

    @property
    def unrestricted(self) -> bool:
        """Whether it opens everything."""
        return not self.session_prefix and scopes_of(self.scopes) == set(get_args(Scope))

    def read(self) -> str:
        """The secret, wherever it stands.

        Raises:
            SecretUnreadable: there is none, or two, its file cannot be read, or nobody can show it.
        """
        if bool(self.secret) == (self.secret_file is not None):
            raise SecretUnreadable(
                "api.tokens: a token needs either secret or secret_file, and it may not be empty"
            )
        if self.secret_file is None:
            return check_line(self.secret, "api.tokens: a secret")
        return check_line(read_secret(self.secret_file, "api.tokens"), f"api.tokens: {self.secret_file}")


class JwtConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """JSON Web Tokens of one issuer, taken as bearer tokens.

    They must carry ``exp``, ``iss`` and ``aud``; ``scope`` names scopes between spaces, ``session_id`` or
    ``session_prefix`` bind the token to sessions.

    ``key_file`` holds the issuer's public key (PEM), its key set (JWKS), or for HS256 the shared secret.
    ``leeway_s`` is how far the issuer's clock may be from ours.
    """

    issuer: Annotated[str, msgspec.Meta(min_length=1)]
    audience: Annotated[str, msgspec.Meta(min_length=1)]
    algorithm: Literal["ES256", "EdDSA", "HS256", "RS256"]
    key_file: Path
    leeway_s: Annotated[float, msgspec.Meta(ge=0, le=300)] = 10.0


class LlmProfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A language model that requests may name; the profile ``default`` serves those that name none.

    With ``base_url`` it is an OpenAI-compatible server and ``model`` a name it knows. Without, ``model`` is
    LiteLLM's ``provider/model``, and an ``api_key`` left out comes from the provider's own variable.
    ``timeout_s`` covers a whole request: waiting for a turn, the answer, and one retry of a bad answer; with
    the very first one also the seconds that LiteLLM takes to load.
    """

    model: str
    base_url: Annotated[str, msgspec.Meta(pattern="^https?://")] | None = None
    api_key: VisibleText | None = None
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0

    def __post_init__(self) -> None:
        if not _is_whole(self.base_url or ""):
            raise ValueError(
                "api.llm: base_url is no URL; an IPv6 address stands in brackets: http://[::1]:8000"
            )


class ClusterConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One host of many that share a Redis: the table ``[cluster]``, in force where ``url`` is set.

    ``url`` is where the other hosts reach this one's api. ``host_id`` names this host, by default as the
    machine is named. ``whip``: whether an offer for another host's session is answered by a redirect or is
    relayed. ``drain_s``: how long sessions may go on when the daemon is asked to end.
    """

    url: HostUrl | None = None
    host_id: HostId = msgspec.field(default_factory=socket.gethostname)
    whip: Literal["redirect", "relay"] = "redirect"
    drain_s: Annotated[float, msgspec.Meta(gt=0, le=7 * 24 * 3600)] = 21_600.0

    def __post_init__(self) -> None:
        if self.url is not None and not _leads_to_one_host(self.url):
            raise ValueError(
                "cluster.url must be an address or a name of this host and a port from 1 to 65535: "
                f"not {self.url}"
            )


class ApiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every setting of the api. Durations are seconds, sizes bytes.

    ``host`` and ``port`` are where it listens. Whoever has one of ``tokens``, or one that ``jwt`` describes,
    gets in, as often in a minute as ``requests_per_minute`` says (each token and each subject by itself).
    ``allowed_origins`` (``https://host[:port]``) names the web pages whose scripts may come here although no
    token protects the daemon. ``trusted_proxies`` are the addresses and networks of reverse proxies: from
    these alone an ``X-Forwarded-For`` or ``Forwarded`` tells who the client is.

    ``redis_url``: a Redis of one's own; left out, one is embedded, whose file lies in ``state_dir``.
    ``redis_timeout_s``: how long its answer is awaited. ``overcommit``: sessions are taken beyond what the
    schedulers promise to serve in time; all of them are then looked at less often. ``ocr_languages`` are
    those of a page whose sender names none. ``ice_servers`` are the STUN and TURN servers that publishers are
    told of; left out, those of ``ingest.ice_servers``. ``webhooks`` are receivers that events are posted to.
    ``llm`` holds the profiles of language models, ``llm_concurrency`` says how many of their answers are
    awaited at a time.

    A request's body has ``max_body`` at most, a task's ``max_task_body``; all tasks' bodies together take
    ``max_task_bytes``. There are ``max_connections`` at most; each has ``head_timeout_s`` for a request's
    head, ``body_timeout_s`` for every ``min_body_bytes`` of its body, and ``idle_timeout_s`` until its next
    request. ``max_sessions`` are known at a time. ``whip_posts_per_minute`` limits a client's offers,
    ``whip_posts_per_minute_and_session`` those for one session, ``whip_half_open_per_client`` those whose
    media have yet to come; ``answer_timeout_s``: how long a worker's answer to one is awaited.

    ``retention_s``: how long events, results and evidence are kept after a session's last change.
    ``events_per_session`` and ``events_overall`` are kept, the newest ones; ``journal_entries`` wait in
    memory while Redis is away. An event stream says every ``heartbeat_s`` that it is alive, and is cut off
    where its reader takes nothing for ``slow_consumer_s``; ``max_event_readers`` of them are open at a time,
    ``max_event_readers_per_client`` of one client. There are ``max_streams`` WebSocket streams at most, whose
    pictures and sound share ``arena_mib`` MiB of memory.
    """

    # Some fields follow from other keys: where the other processes' sockets and the embedded Redis lie, how
    # many ingest workers and live schedulers there are, and the cluster (None on a host that is alone).
    runtime_dir: Path
    state_dir: Path
    host: str = "127.0.0.1"
    port: Port = DEFAULT_PORT
    tokens: tuple[Token, ...] = ()
    jwt: JwtConfig | None = None
    requests_per_minute: Count | None = None
    allowed_origins: tuple[Origin, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    redis_url: RedisUrl | None = None
    redis_timeout_s: Seconds = 1.0
    ingest_workers: Count = 1
    schedulers: Count = 1
    cluster: ClusterConfig | None = None
    overcommit: bool = False
    ocr_languages: Languages = "en"
    ice_servers: tuple[IceServer, ...] | None = None
    webhooks: tuple[WebhookConfig, ...] = ()
    llm: dict[str, LlmProfile] = {}
    llm_concurrency: Annotated[int, msgspec.Meta(ge=1, le=256)] = 8

    max_body: Count = 64 << 10
    # Base64 of what fits into one message to a scheduler, and how much of all bodies is held at a time.
    max_task_body: Count = 20 << 20
    max_task_bytes: Count = 96 << 20
    max_sessions: Count = 10_000
    whip_posts_per_minute: Count = 240
    whip_posts_per_minute_and_session: Count = 30
    # Offers of one client whose media have yet to come: half of a worker's sessions.
    whip_half_open_per_client: Count = 32
    answer_timeout_s: Seconds = 10.0

    max_connections: Count = 8192
    # How long is waited for a request's head, for the next request, and for so many bytes of a body.
    head_timeout_s: Seconds = 5.0
    idle_timeout_s: Seconds = 20.0
    body_timeout_s: Seconds = 5.0
    min_body_bytes: Count = 32 << 10

    retention_s: Count = 6 * 3600
    events_per_session: Count = 10_000
    events_overall: Count = 100_000
    journal_entries: Count = 20_000
    heartbeat_s: Seconds = 10.0
    slow_consumer_s: Seconds = 10.0
    max_event_readers: Count = 4096
    max_event_readers_per_client: Count = 1024
    # Of WebSocket streams' media; 64 MiB hold some 60 of 1280×720.
    arena_mib: Annotated[int, msgspec.Meta(ge=2, le=4096)] = 64
    max_streams: Count = 256
    shutdown_s: Seconds = 20.0
    traces_url: WebUrl | None = None
    traces_share: Share = 1.0

    def __post_init__(self) -> None:
        if not _is_whole(self.redis_url or ""):  # which is not repeated: there may be a password
            raise ValueError(
                "api.redis_url is no URL; an IPv6 address stands in brackets: redis://[::1]:6379"
            )
        if len({webhook.name for webhook in self.webhooks}) < len(self.webhooks):
            raise ValueError("api.webhooks must each have a name of its own")
        for text in self.trusted_proxies:
            try:
                ipaddress.ip_network(text)
            except ValueError:
                raise ValueError(
                    f"api.trusted_proxies must be IP addresses or networks such as 10.0.0.0/8: not {text}"
                ) from None


def _is_whole(url: str) -> bool:
    """Whether a URL can be taken apart: where a bracket is missing, say, it cannot."""
    try:
        urlsplit(url)
    except ValueError:
        return False
    return True


def _leads_to_one_host(url: str) -> bool:
    """Whether others that ask there come to one machine, as far as its text tells."""
    try:
        place = urlsplit(url)
        host = place.hostname or ""
        is_address = "[" in url or host.replace(".", "").isdigit()
        return place.port != 0 and not (is_address and ipaddress.ip_address(host).is_unspecified)
    except ValueError:  # no such address, no such port
        return False
