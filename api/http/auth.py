"""Who may do what: bearer tokens, and without any, only this host.

Without a token every program on this host is trusted, but not every web page in its browser: a page from
elsewhere could send requests to a loopback address, or point its own name at it (DNS rebinding). So then the
``Host`` must name this host and an ``Origin`` must be a local one or configured. With tokens neither
matters, since a browser adds no bearer token by itself.
"""

import hashlib
import hmac
import ipaddress
import logging
from collections import deque
from urllib.parse import urlsplit

from argusd.scheduler.contract.errors import Forbidden, OriginRefused, Unauthorized

from ..config import ApiConfig, Token
from ..errors import InsecureBind
from .misfit import shown

log = logging.getLogger(__name__)

REFUSED_ORIGINS = 64  # that are remembered as logged; the oldest is forgotten, and logged again


def check_bind(config: ApiConfig) -> None:
    """Refuse to be reachable from other hosts without a token.

    Raises:
        InsecureBind: that is what the configuration asks for.
    """
    if any(not token.secret for token in config.tokens):
        raise InsecureBind("a configured token is empty")
    if not config.tokens and not is_loopback(config.host):
        raise InsecureBind(f"host {config.host} is reachable from elsewhere: configure a token first")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this host."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def hostname(url: str) -> str:
    """The host of a URL; empty where there is none, or none that can be one."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class Access:
    """Decides about requests."""

    def __init__(self, config: ApiConfig) -> None:
        self._config = config
        self._tokens = [(token.secret.encode(), token) for token in config.tokens]
        self._refused: deque[str] = deque(maxlen=REFUSED_ORIGINS)

    def check_origin(self, origin: str | None, host: str) -> None:
        """Let a browser's page in or not.

        Raises:
            OriginRefused: it comes from elsewhere, and nothing but its address protects the daemon.
        """
        if self._tokens:
            return
        if not is_loopback(hostname(f"//{host}")):
            self._tell("Host", host, "api.tokens")
            raise OriginRefused(
                "Without a token (api.tokens) the daemon answers to this host's own name only."
            )
        if origin is None or origin in self._config.allowed_origins:
            return
        if not is_loopback(hostname(origin)):
            self._tell("Origin", origin, "api.allowed_origins")
            raise OriginRefused(
                f"Pages from {shown(origin)} may not use a daemon without a token;"
                " the setting api.allowed_origins names those that may."
            )

    def _tell(self, header: str, refused: str, setting: str) -> None:
        """Once for each, since an operator will wonder why a page gets no answer."""
        if refused not in self._refused:
            self._refused.append(refused)
            log.warning("refused the %s %s, which %s would admit", header, shown(refused), setting)

    def check_token(self, authorization: str | None, session_id: str | None) -> None:
        """Let a request for a session (None: for an overview) in or not.

        Raises:
            Unauthorized: no token, or a wrong one.
            Forbidden: the token is for other sessions.
        """
        if not self._tokens:
            return
        token = self._token_of(authorization or "")
        if token is None:
            raise Unauthorized("This needs the header Authorization: Bearer <token>.")
        if token.session_prefix and not (session_id or "").startswith(token.session_prefix):
            raise Forbidden("This token is for other sessions.")

    def check_known(self, authorization: str | None) -> None:
        """Let a request in whose session is named in its body, which is not read for strangers.

        Raises:
            Unauthorized: no token, or a wrong one.
        """
        if self._tokens and self._token_of(authorization or "") is None:
            raise Unauthorized("This needs the header Authorization: Bearer <token>.")

    def principal(self, authorization: str | None) -> str:
        """Who a request comes from, to tell whether two come from the same one: a digest of its token.

        Without tokens only this host gets in, and everybody there is the same principal.
        """
        token = self._token_of(authorization or "")
        return hashlib.blake2b(token.secret.encode(), digest_size=16).hexdigest() if token else ""

    def _token_of(self, authorization: str) -> Token | None:
        scheme, _, secret = authorization.partition(" ")
        found = None
        # All are compared, each in constant time: the time taken tells nothing about the tokens.
        for known, token in self._tokens:
            if hmac.compare_digest(known, secret.strip().encode(errors="replace")):
                found = token
        return found if scheme.lower() == "bearer" else None
