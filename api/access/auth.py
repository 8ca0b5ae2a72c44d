"""Who may do what: bearer tokens, and without any, only this host.

Without a token every program on this host is trusted, but not every web page in its browser: a page from
elsewhere could send requests to a loopback address, or point its own name at it (DNS rebinding). So then the
``Host`` must name this host and an ``Origin`` must be a local one or configured. With tokens neither
matters, since a browser adds no bearer token by itself.
"""

import hashlib
import hmac
import logging
from collections import deque
from typing import TYPE_CHECKING

from argusd.scheduler.contract.errors import OriginRefused, Unauthorized
from argusd.scheduler.contract.wording.misfit import shown

from ..config import ApiConfig, Token, scopes_of
from ..http.rate_limit import RateLimit
from .exposure import hostname, is_loopback, is_protected
from .grants import EVERYTHING, Grant
from .session_tokens import SessionTokens, header_of

if TYPE_CHECKING:
    from .json_web_tokens import JsonWebTokens

log = logging.getLogger(__name__)

REFUSED_ORIGINS = 64  # that are remembered as logged; the oldest is forgotten, and logged again


class Access:
    """Decides about requests, by the configured tokens, sessions' own, and an issuer's.

    Raises:
        SecretUnreadable: a token's or an issuer's file cannot be read.
    """

    def __init__(self, config: ApiConfig, session_tokens: SessionTokens) -> None:
        self._config = config
        self._session_tokens = session_tokens
        self._protected = is_protected(config)
        self._tokens = [known(token, config) for token in config.tokens]
        self._issued = issued(config)
        self._refused: deque[str] = deque(maxlen=REFUSED_ORIGINS)

    def check_origin(self, origin: str | None, host: str) -> None:
        """Let a browser's page in or not.

        Raises:
            OriginRefused: it comes from elsewhere, and nothing but its address protects the daemon.
        """
        if self._protected:
            return
        if not is_loopback(hostname(host)):
            self._tell("Host", host, "api.tokens")
            raise OriginRefused(
                "Without a token (api.tokens) the daemon answers to this host's own name only."
            )
        if origin is None or origin in self._config.allowed_origins:
            return
        scheme, _, page = origin.partition("://")
        if scheme not in ("http", "https") or not is_loopback(hostname(page)):
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

    async def grant_of(self, token: str | None) -> Grant:
        """What the bearer of a token may do; everything, where none is needed.

        Raises:
            Unauthorized: no token, or one that is not good.
            StoreUnavailable: it is a session's, and Redis does not tell whether it is good.
        """
        if not self._protected:
            return EVERYTHING
        if token is None:
            raise Unauthorized("This needs the header Authorization: Bearer <token>.")
        if (grant := self._known(token.encode(errors="replace"))) is not None:
            return grant
        if (header := header_of(token)) is not None:
            return await self._session_tokens.grant_of(token, header)
        if self._issued is not None:
            return self._issued.grant_of(token)
        raise Unauthorized("This token is not known here.")

    def _known(self, secret: bytes) -> Grant | None:
        found = None
        # All are compared, each in constant time: the time taken tells nothing about the tokens.
        for expected, grant in self._tokens:
            if hmac.compare_digest(expected, secret):
                found = grant
        return found


def known(token: Token, config: ApiConfig) -> tuple[bytes, Grant]:
    """A configured token's secret, and what it lets its bearer do."""
    secret = token.read().encode()
    principal = hashlib.blake2b(secret, digest_size=16).hexdigest()
    limit = limited(token.requests_per_minute or config.requests_per_minute)
    return secret, Grant(principal, scopes_of(token.scopes), token.session_prefix, limit=limit)


def issued(config: ApiConfig) -> "JsonWebTokens | None":
    """What checks tokens that somebody else issues; its library is loaded where it is needed."""
    if config.jwt is None:
        return None
    from .json_web_tokens import JsonWebTokens

    return JsonWebTokens(config.jwt, limited(config.requests_per_minute))


def limited(per_minute: int | None) -> RateLimit | None:
    """A limit of so many requests, if there is one."""
    return RateLimit(per_minute) if per_minute else None
