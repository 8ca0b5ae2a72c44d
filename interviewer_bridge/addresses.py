"""The addresses of one daemon, or of several hosts that serve the same sessions."""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from yarl import URL

from argusd.scheduler.contract.http import HOST, URL_VARIABLES
from argusd.scheduler.contract.quantities import HIGHEST_PORT

Answer = TypeVar("Answer")

ADDRESS = re.compile(f"https?://{HOST}")
WITHOUT_SCHEME = re.compile(HOST)


class Addresses:
    """``urls`` are separated by commas; ``current`` is asked until it fails, then the next one.

    Any host will do, each knows where a session is: ``https://a:8015,https://b:8015``.

    Raises:
        ValueError: one of them is none, or there is none; the sentence says what an address looks like.
    """

    def __init__(self, urls: str) -> None:
        self.all = tuple(url.strip().rstrip("/") for url in urls.split(",") if url.strip())
        for url in self.all or ("",):
            _check(url)
        self._turn = 0

    @property
    def current(self) -> str:
        """The one to ask."""
        return self.all[self._turn % len(self.all)]

    def at(self, path: str) -> URL:
        """The path there."""
        return URL(self.current).join(URL(path))

    async def first(
        self, ask: Callable[[URL], Awaitable[Answer]], path: str, gone: type[Exception]
    ) -> Answer:
        """The answer of the first that gives one, each asked once. Raises what the last one asked raises.

        ``gone``: what ``ask`` raises where nobody answers.
        """
        for _ in self.all[1:]:
            try:
                return await ask(self.at(path))
            except gone:
                self.turn()
        return await ask(self.at(path))

    def turn(self) -> None:
        """The current one has failed."""
        self._turn += 1


def named_in(environment: Mapping[str, str]) -> str | None:
    """The addresses in the first of ``URL_VARIABLES`` that is set.

    Raises:
        ValueError: they are none; the sentence names the variable.
    """
    variable = next((name for name in URL_VARIABLES if environment.get(name)), None)
    if variable is None:
        return None
    try:
        Addresses(environment[variable])
    except ValueError as error:
        raise ValueError(f"{variable}: {error}") from error
    return environment[variable]


def _has_a_host(url: str) -> bool:
    """Whether a name, in whatever letters (IDNA), or an address stands there."""
    try:
        host = URL(url).host or ""
        return bool(ipaddress.ip_address(host) if ":" in host else host.encode("idna"))
    except ValueError:
        return False


def _check(url: str) -> None:
    """Refuse what is no address. What looks like a password is not repeated."""
    found = ADDRESS.fullmatch(url)
    if found and 0 < int(found[1] or 1) <= HIGHEST_PORT and _has_a_host(url):
        return
    wanted = "a daemon's address is http://host:port or https://host:port, several with commas between"
    asked = f", not {url}" if url and "@" not in url else ""
    meant = f"; did you mean http://{url}?" if WITHOUT_SCHEME.fullmatch(url) else ""
    raise ValueError(f"{wanted}{asked}{meant}")
