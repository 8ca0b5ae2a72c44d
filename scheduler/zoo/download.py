"""Streams a file from an HTTPS address to the disk."""

import http.client
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, cast
from urllib.error import HTTPError
from urllib.parse import SplitResult, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from .clients import Report
from .errors import SourceUnavailableError

_STALL_TIMEOUT_S = 60.0
_CHUNK_BYTES = 1 << 20
# Some hosts turn away a client that does not say its name.
_HEADERS = {"User-Agent": "argusd"}


class RefusedError(SourceUnavailableError):
    """The host answered, with a status that is no success. ``headers`` are its own words on it."""

    def __init__(self, host: str, status: int, headers: HTTPMessage) -> None:
        self.status = status
        self.headers = headers
        super().__init__(f"{host}: {status} {http.client.responses.get(status, '')}".rstrip())


def download(url: str, target: Path, arrived: Report, token: str | None = None) -> None:
    """Write what an address gives to a file.

    :param arrived: told now and then how many bytes have arrived.
    :param token: shown, as a bearer token, to the address's own host and to none that it redirects to.
    :raises RefusedError: when the host says no.
    :raises SourceUnavailableError: when it does not answer, breaks off, or redirects to a plain HTTP address.
    """
    request = Request(url, headers=_HEADERS)  # noqa: S310 - the manifest admits https alone
    # Some hosts of shared files give a cookie with the redirect, and the file to who shows it.
    opener = build_opener(_HttpsRedirects(token), HTTPCookieProcessor())
    _show(token, request)
    host = urlsplit(url).hostname or ""
    try:
        with opener.open(request, timeout=_STALL_TIMEOUT_S) as answer, target.open("wb") as file:
            if answer.headers.get_content_type() == "text/html":  # a form to fill in, or that it is gone
                raise SourceUnavailableError(f"{host}: gives a web page in place of the file")
            while chunk := answer.read(_CHUNK_BYTES):
                file.write(chunk)
                arrived(file.tell())
            if answer.length:  # what the headers promised and did not come
                raise SourceUnavailableError(f"{host}: broke off with {answer.length} bytes to come")
    except HTTPError as error:
        with error:
            raise RefusedError(host, error.code, cast(HTTPMessage, error.headers)) from error
    except (OSError, http.client.HTTPException) as error:
        raise SourceUnavailableError(f"{host}: {_in_words(error)}") from error


def _in_words(error: Exception) -> object:
    """What the operating system calls it, where it does; urllib wraps that."""
    reason = getattr(error, "reason", error)
    return getattr(reason, "strerror", None) or reason


class _HttpsRedirects(HTTPRedirectHandler):
    """Follows redirects to HTTPS addresses; the token goes along only to the same host and port."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def redirect_request(
        self,
        req: Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.scheme != "https":
            fp.close()
            raise SourceUnavailableError(f"{old.hostname} redirects to {new.scheme}://{new.hostname}")
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        # Once away from the host, nothing that comes back to it is its own idea any more.
        if request is not None and _server(old) == _server(new) and req.has_header("Authorization"):
            _show(self._token, request)
        return request


def _show(token: str | None, request: Request) -> None:
    if token is not None:
        request.add_unredirected_header("Authorization", f"Bearer {token}")


def _server(url: SplitResult) -> tuple[str | None, int]:
    return url.hostname, url.port or http.client.HTTPS_PORT
