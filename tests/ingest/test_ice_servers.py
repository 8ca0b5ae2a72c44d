"""STUN and TURN servers as an operator names them, and as clients are told."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.ingest.errors import CredentialUnreadable
from argusd.ingest.ice_servers import IceServer, links

TURN: dict[str, Any] = {
    "urls": ["turn:turn.example:3478?transport=udp"],
    "username": "argus",
    "credential": "s3cret",
}


def read(**fields: Any) -> IceServer:
    return msgspec.convert(fields, IceServer, strict=False, dec_hook=lambda kind, value: kind(value))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"urls": []}, "at least one"),
        ({"urls": ["http://stun.example"]}, "must be stun:host"),
        ({"urls": ["stun:a b"]}, "must be stun:host"),
        ({"urls": ["stun:stun.example?transport=udp"]}, "must be stun:host"),
        ({"urls": ["turn:turn.example?transport=sctp"]}, "must be stun:host"),
        ({"urls": ["turn:turn.example"]}, "needs username"),
        ({"urls": ["turn:turn.example"], "username": "argus"}, "needs username"),
        (TURN | {"credential": "two\r\nlines"}, "printable"),
        (TURN | {"credential_file": "/somewhere"}, "exclude"),
        (TURN | {"password": "x"}, "unknown field"),
    ],
)
def test_a_server_nobody_could_use_is_refused_without_its_credential(
    fields: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=complaint) as caught:
        read(**fields)
    assert "s3cret" not in str(caught.value)


def test_links_are_those_of_rfc_9725() -> None:
    assert list(links(read(urls=["stun:stun.example"]))) == ['<stun:stun.example>; rel="ice-server"']
    turns = read(**TURN | {"urls": ["turn:turn.example?transport=udp", "turns:turn.example?transport=tcp"]})
    assert list(links(turns)) == [
        '<turn:turn.example?transport=udp>; rel="ice-server"; '
        'username="argus"; credential="s3cret"; credential-type="password"',
        '<turns:turn.example?transport=tcp>; rel="ice-server"; '
        'username="argus"; credential="s3cret"; credential-type="password"',
    ]


def test_signs_that_end_a_quoted_string_are_escaped() -> None:
    (link,) = links(read(**TURN | {"credential": 'a"b\\c'}))
    assert 'credential="a\\"b\\\\c"' in link


def test_a_credential_is_read_from_its_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "turn"
    fields = {name: value for name, value in TURN.items() if name != "credential"}
    server = read(**fields, credential_file=str(file))
    with pytest.raises(CredentialUnreadable, match="cannot read"):
        server.with_credential()
    file.write_text("\n")
    with pytest.raises(CredentialUnreadable, match="one line"):
        server.with_credential()
    file.write_text("fr0m-file\n")
    assert server.with_credential().credential == "fr0m-file"
    assert "fr0m-file" not in repr(server.with_credential())
    assert "s3cret" not in f"{read(**TURN)!r} {read(**TURN)}"
