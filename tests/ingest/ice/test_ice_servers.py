"""STUN and TURN servers as an operator names them, and as clients are told."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiortc.rtcicetransport import parse_stun_turn_uri
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.errors import CredentialUnreadable
from argusd.ingest.ice.ice_servers import IceServer, links
from argusd.ingest.ice.server_candidates import Servers

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
        ({"urls": ["stun:a..b"]}, "must be stun:host"),
        ({"urls": [f"stun:{64 * 'x'}.example"]}, "must be stun:host"),
        ({"urls": ["stun:stun.example?transport=udp"]}, "must be stun:host"),
        ({"urls": ["turn:turn.example?transport=sctp"]}, "must be stun:host"),
        ({"urls": ["stun:stun.example:65536"]}, "must be stun:host"),
        ({"urls": ["stun:stun.example:0"]}, "must be stun:host"),
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
    with pytest.raises(CredentialUnreadable, match=r"^ice_servers: credential_file: cannot read"):
        server.with_credential()
    file.write_text("\n")
    with pytest.raises(CredentialUnreadable, match="one line"):
        server.with_credential()
    file.write_bytes(b"fr0m-\xe9")
    with pytest.raises(CredentialUnreadable, match=r"cannot read .*turn: it is not ASCII"):
        server.with_credential()
    file.write_text("fr0m-file\n")
    assert server.with_credential().credential == "fr0m-file"
    assert "fr0m-file" not in repr(server.with_credential())
    assert "s3cret" not in f"{read(**TURN)!r} {read(**TURN)}"


def test_a_shared_secret_makes_a_password_for_a_day() -> None:
    server = read(**TURN, shared_secret=True)
    used = server.at(1_000_000.5)
    # printf 1086400:argus | openssl dgst -sha1 -hmac s3cret -binary | base64
    assert (used.username, used.credential) == ("1086400:argus", "TjHYxy306K5wO1b4gXZKoBE07TI=")
    assert server.at(1_000_001.0).credential != used.credential
    assert read(**TURN).at(1_000_000.5) == read(**TURN)


PARTS = st.sampled_from(
    ["stun", "turns", ":", "a.example", "3478", "?transport=", "udp", "tcp", "@", " ", "é"]
)


@given(st.text(max_size=20) | st.lists(PARTS, max_size=6).map("".join))
def test_what_is_taken_for_a_server_is_one_to_aiortc(url: str) -> None:
    try:
        server = IceServer(urls=(url,), username="argus", credential="s3cret")
    except ValueError:
        return
    assert 0 < parse_stun_turn_uri(url)["port"] <= 65535
    Servers([server])


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_any_credential_comes_out_of_its_quotes_as_it_went_in(credential: str) -> None:
    (link,) = links(IceServer(urls=("turn:turn.example",), username="argus", credential=credential))
    quoted = re.search(r'; credential="((?:[^"\\]|\\.)*)"; credential-type="password"$', link)
    assert quoted is not None
    assert re.sub(r"\\(.)", r"\1", quoted[1]) == credential
