"""STUN and TURN servers (RFC 8489, 8656): as an operator names them, and as clients are told of them."""

import base64
import hmac
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from argusd.scheduler.contract.quantities import HIGHEST_PORT
from argusd.scheduler.contract.wording.reasons import unreadable

from ..errors import CredentialUnreadable

# RFC 7064 and 7065; a host is a name that can be asked for (RFC 1035, 2.3.4), or an IPv4 address.
URI = re.compile(
    r"(?P<scheme>stuns?|turns?):[\w-]{1,63}(\.[\w-]{1,63})*\.?"
    r"(:(?P<port>\d{1,5}))?(?P<transport>\?transport=(udp|tcp))?",
    re.A,
)
LIFETIME_S = 24 * 3600
FROM_FILE = "ice_servers: credential_file"
PRINTABLE = re.compile(r"[ -~]*")


class IceServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One server under one or several URIs, with the long-term credential that TURN asks for.

    The credential stands in ``credential`` (best in the environment, with the whole list), or alone in the
    file ``credential_file``. With ``shared_secret`` it is the secret that the server shares with us, and
    whoever uses the server gets a user name and a password that hold for a day (coturn's use-auth-secret,
    draft-uberti-behave-turn-rest-00).
    """

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""
    credential_file: Path | None = None
    shared_secret: bool = False

    def __post_init__(self) -> None:
        if not self.urls:
            raise ValueError("ice_servers: urls must name at least one server")
        if not all(map(_is_uri, self.urls)):
            raise ValueError(
                "ice_servers: urls must be stun:host[:port] or turn:host[:port][?transport=udp|tcp]"
            )
        if not (PRINTABLE.fullmatch(self.username) and PRINTABLE.fullmatch(self.credential)):
            raise ValueError("ice_servers: username and credential must be printable ASCII")
        if self.credential and self.credential_file:
            raise ValueError("ice_servers: credential and credential_file exclude each other")
        given = bool(self.username) and bool(self.credential or self.credential_file)
        if any(url.startswith("turn") for url in self.urls) and not given:
            raise ValueError("ice_servers: a TURN server needs username, and credential or credential_file")

    def __repr__(self) -> str:
        return f"IceServer({', '.join(self.urls)})"  # never the credential

    def with_credential(self) -> "IceServer":
        """The same with its credential read from the file, where it stands there.

        Raises:
            CredentialUnreadable: it cannot be read, or holds none.
        """
        if self.credential_file is None:
            return self
        try:
            credential = self.credential_file.read_text("ascii").strip()
        except (OSError, ValueError) as error:
            why = unreadable(error, "it is not ASCII")
            raise CredentialUnreadable(f"{FROM_FILE}: cannot read {self.credential_file}: {why}") from error
        if not credential or not PRINTABLE.fullmatch(credential):
            raise CredentialUnreadable(
                f"{FROM_FILE}: {self.credential_file} must hold one line of printable ASCII"
            )
        return msgspec.structs.replace(self, credential=credential, credential_file=None)

    def at(self, now: float) -> "IceServer":
        """The same with the user name and the password to use now, in unix seconds."""
        if not self.shared_secret:
            return self
        username = f"{int(now) + LIFETIME_S}:{self.username}"
        password = hmac.digest(self.credential.encode(), username.encode(), "sha1")
        return msgspec.structs.replace(
            self, username=username, credential=base64.b64encode(password).decode(), shared_secret=False
        )


def links(server: IceServer) -> Iterator[str]:
    """Its ``Link`` headers (RFC 9725 section 4.6)."""
    for url in server.urls:
        link = f'<{url}>; rel="ice-server"'
        if url.startswith("turn"):
            username, credential = _quoted(server.username), _quoted(server.credential)
            link += f'; username={username}; credential={credential}; credential-type="password"'
        yield link


def _is_uri(text: str) -> bool:
    uri = URI.fullmatch(text)
    if uri is None or not 0 < int(uri["port"] or 1) <= HIGHEST_PORT:
        return False
    return uri["transport"] is None or uri["scheme"].startswith("turn")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
