"""The secrets of a configuration, so that logs can cross them out."""

from collections.abc import Iterator
from urllib.parse import quote, unquote, urlsplit

from argusd.api.config import ApiConfig
from argusd.ingest.config import IngestConfig

Secrets = tuple[str, ...]

SHORTEST = 6  # characters: a shorter one is part of ordinary words, which would be crossed out


def secrets_of(api: ApiConfig, ingest: IngestConfig, *others: str | None) -> Secrets:
    """All of them, the longest first: one may be part of another. Those in files of their own stay there."""
    ours = (*_of_api(api), *(server.credential for server in ingest.ice_servers), *others)
    found = {secret for secret in ours if secret and len(secret) >= SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


def _of_api(api: ApiConfig) -> Iterator[str | None]:
    yield from (token.secret for token in api.tokens)
    yield from (profile.api_key for profile in api.llm.values())
    yield from (server.credential for server in api.ice_servers or ())
    for url in (api.redis_url, *(profile.base_url for profile in api.llm.values())):
        if password := urlsplit(url or "").password:
            yield from (password, unquote(password), quote(unquote(password), safe=""))
