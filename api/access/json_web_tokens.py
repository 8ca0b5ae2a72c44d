"""JSON Web Tokens (RFC 7519) as bearer tokens: somebody else issues them, we check them against a key.

Claims: ``exp``, ``iss`` and ``aud`` must be there; ``scope`` (RFC 8693, 4.2) names scopes between spaces;
``session_id`` or ``session_prefix`` bind the token to sessions.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import jwt
import msgspec

from argusd.scheduler.contract.errors import Unauthorized
from argusd.scheduler.contract.names import ENDS, Name, NameStart
from argusd.scheduler.contract.wording.misfit import explain

from ..config import JwtConfig, scopes_of
from ..errors import SecretUnreadable
from ..http.rate_limit import RateLimit
from ..secrets import check_line, read_secret
from .grants import Grant

KEY = "api.jwt.key_file"
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
Subject = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{{0,1024}}{ENDS}",
        description="up to 1024 characters, none of them a control character",
    ),
]


class Claims(msgspec.Struct, frozen=True):
    """What of a token's claims is ours to read."""

    sub: Subject = ""
    scope: str = ""
    session_id: Name | None = None
    session_prefix: NameStart = ""


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
            said = self._decoded(token)
        except (jwt.PyJWTError, UnicodeError) as error:
            raise Unauthorized(SENTENCES.get(type(error), NOT_VALID)) from None
        claims = claims_of(said)
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
            options={"require": REQUIRED, "verify_sub": False},  # ``Claims`` says which claim is wrong
        )

    def _principal(self, claims: Claims, token: str) -> str:
        """The subject, where the issuer names one; else the token itself."""
        who = f"{self._config.issuer}\0{claims.sub}" if claims.sub else token
        return hashlib.blake2b(who.encode(), digest_size=16).hexdigest()


def claims_of(said: dict[str, Any]) -> Claims:
    """What a token that is good says.

    Raises:
        Unauthorized: a claim is not what it may be; the sentence names it.
    """
    try:
        return msgspec.convert(said, Claims)
    except msgspec.ValidationError as error:
        raise Unauthorized(f"This token's claim {explain(error, Claims, said).of_key()}.") from None


def read_keys(config: JwtConfig) -> dict[str | None, Any]:
    """The issuer's keys by name: a PEM public key or an HMAC secret (named None), or a JSON Web Key Set.

    Raises:
        SecretUnreadable: the file cannot be read, or holds no key for the algorithm.
    """
    text = read_secret(config.key_file, KEY)
    try:
        if text.startswith("{"):
            return _key_set(text, config)
        if config.algorithm == "HS256":
            check_line(text, f"{KEY}: {config.key_file}")
        return {None: _fit(jwt.get_algorithm_by_name(config.algorithm).prepare_key(text), config)}
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise _no_key(config.key_file, config) from error


def _key_set(text: str, config: JwtConfig) -> dict[str | None, Any]:
    keys = [key for key in jwt.PyJWKSet.from_json(text).keys if key.algorithm_name == config.algorithm]
    if not keys:
        raise _no_key(config.key_file, config)
    return {key.key_id if len(keys) > 1 else None: _fit(key.key, config) for key in keys}


def _fit(key: Any, config: JwtConfig) -> Any:
    where = f"{KEY}: {config.key_file}"
    if isinstance(key, bytes) and len(key) < LEAST_SECRET:
        raise SecretUnreadable(f"{where} must hold at least {LEAST_SECRET} bytes for HS256")
    if hasattr(key, "private_bytes"):
        raise SecretUnreadable(f"{where} holds a private key, which is its issuer's own: give the public one")
    return key


def _no_key(file: Path, config: JwtConfig) -> SecretUnreadable:
    return SecretUnreadable(
        f"{KEY}: {file} holds no key for {config.algorithm}: give a PEM public key or a JWKS"
    )
