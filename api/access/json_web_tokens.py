"""JSON Web Tokens (RFC 7519) as bearer tokens: somebody else issues them, we check them against a key.

Claims: ``exp``, ``iss`` and ``aud`` must be there; ``scope`` (RFC 8693, 4.2) names scopes between spaces;
``session_id`` or ``session_prefix`` bind the token to sessions.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import msgspec

from argusd.scheduler.contract.errors import Unauthorized

from ..config import JwtConfig, scopes_of
from ..errors import SecretUnreadable
from ..http.rate_limit import RateLimit
from ..secrets import read_secret
from .grants import Grant

LEAST_SECRET = 32  # bytes of an HMAC key, RFC 7518 section 3.2
REQUIRED = ["exp", "iss", "aud"]

SENTENCES: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "This token has expired.",
    jwt.ImmatureSignatureError: "This token is not valid yet.",
    jwt.InvalidAudienceError: "This token is for another audience.",
    jwt.InvalidIssuerError: "This token comes from another issuer.",
    jwt.MissingRequiredClaimError: f"This token lacks one of the claims {', '.join(REQUIRED)}.",
}
NOT_VALID = "This token is not valid here."


class Claims(msgspec.Struct, frozen=True):
    """What of a token's claims is ours to read."""

    sub: str = ""
    scope: str = ""
    session_id: str | None = None
    session_prefix: str = ""


class JsonWebTokens:
    """Checks tokens of one issuer."""

    def __init__(self, config: JwtConfig, limit: RateLimit | None) -> None:
        self._config = config
        self._limit = limit
        self._keys = read_keys(config)

    def grant_of(self, token: str) -> Grant:
        """What a token lets its bearer do.

        Raises:
            Unauthorized: it is not valid, now or here; the sentence says in which way.
        """
        try:
            claims = msgspec.convert(self._decoded(token), Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, UnicodeError) as error:
            raise Unauthorized(SENTENCES.get(type(error), NOT_VALID)) from None
        return Grant(
            self._principal(claims, token),
            scopes_of(claims.scope.split()),
            claims.session_prefix,
            claims.session_id,
            self._limit,
        )

    def _decoded(self, token: str) -> dict[str, Any]:
        kid = jwt.get_unverified_header(token).get("kid")
        # One key without a name serves every token; of several each serves the tokens that name it.
        key = self._keys.get(kid) or self._keys.get(None)
        if key is None:
            raise jwt.InvalidKeyError
        return jwt.decode(
            token,
            key,
            algorithms=[self._config.algorithm],
            issuer=self._config.issuer,
            audience=self._config.audience,
            leeway=self._config.leeway_s,
            options={"require": REQUIRED},
        )

    def _principal(self, claims: Claims, token: str) -> str:
        """The subject, where the issuer names one; else the token itself."""
        who = f"{self._config.issuer}\0{claims.sub}" if claims.sub else token
        return hashlib.blake2b(who.encode(), digest_size=16).hexdigest()


def read_keys(config: JwtConfig) -> dict[str | None, Any]:
    """The issuer's keys by name: a PEM public key or an HMAC secret (named None), or a JSON Web Key Set.

    Raises:
        SecretUnreadable: the file cannot be read, or holds no key for the algorithm.
    """
    text = read_secret(config.key_file, "api.jwt.key_file")
    try:
        if text.startswith("{"):
            return _key_set(text, config)
        if config.algorithm == "HS256" and len(text.encode()) < LEAST_SECRET:
            raise SecretUnreadable(f"{config.key_file} must hold at least {LEAST_SECRET} bytes for HS256")
        return {None: jwt.get_algorithm_by_name(config.algorithm).prepare_key(text)}
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _no_key(config.key_file, config) from error


def _key_set(text: str, config: JwtConfig) -> dict[str | None, Any]:
    keys = [key for key in jwt.PyJWKSet.from_json(text).keys if key.algorithm_name == config.algorithm]
    if not keys:
        raise _no_key(config.key_file, config)
    return {None: keys[0].key} if len(keys) == 1 else {key.key_id: key.key for key in keys}


def _no_key(file: Path, config: JwtConfig) -> SecretUnreadable:
    return SecretUnreadable(f"{file} holds no key for {config.algorithm}: give a PEM public key or a JWKS")
