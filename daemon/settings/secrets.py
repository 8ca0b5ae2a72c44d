"""The secrets of a configuration, so that logs can cross them out."""

from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from argusd.api.config import ApiConfig

Secrets = tuple[str, ...]

SHORTEST = 6  # characters: a shorter one is part of ordinary words, which would be crossed out


def secrets_of(api: ApiConfig, *others: str | None) -> Secrets:
    """All of them, the longest first: one may be part of another. Those in files of their own stay there."""
    found = {secret for secret in (*_of_api(api), *others) if secret and len(secret) >= SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


def _of_api(api: ApiConfig) -> Iterator[str | None]:
    yield from (token.secret for token in api.tokens)
    yield from (profile.api_key for profile in api.llm.values())
    yield from (server.credential for server in api.ice_servers or ())
    password = urlsplit(api.redis_url or "").password
    if password:
        yield from (password, unquote(password), quote(unquote(password), safe=""))
