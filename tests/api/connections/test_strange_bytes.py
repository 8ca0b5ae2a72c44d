"""What strangers send, and what they get: an answer in the envelope, and no line of theirs in the log."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.api.config import Token

from ..fixtures import RunningApi, make_config
from .raw import send

HOST = b"Host: 127.0.0.1\r\n"
JSON = HOST + b"Content-Type: application/json\r\n"


def get(target: bytes = b"/health", headers: bytes = HOST, version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET %s %s\r\n%s\r\n" % (target, version, headers)


def post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /ml/infer HTTP/1.1\r\n%s%s\r\n%s" % (JSON, headers, body)


NOT_HTTP: dict[str, bytes] = {
    "nothing but noise": b"\x00\x01\x02\x03\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 100,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2.0 in words": get(version=b"HTTP/2.0"),
    "HTTP/9.9": get(version=b"HTTP/9.9"),
    "HTTP/0.9": b"GET /health\r\n\r\n",
    "an unknown method": b"FOOBAR /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "a method that is no token": b"G<T /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "no host": get(headers=b""),
    "two hosts": get(headers=HOST + b"Host: evil.example\r\n"),
    "lines that end in LF": b"GET /health HTTP/1.1\nHost: 127.0.0.1\n\n",
    "a blank before the colon": get(headers=b"Host : 127.0.0.1\r\n"),
    "no colon": get(headers=HOST + b"no colon\r\n"),
    "a folded header": get(headers=HOST + b"X: a\r\n folded\r\n"),
    "NUL in a header": get(headers=HOST + b"X: a\x00b\r\n"),
    "too many headers": get(headers=HOST + b"X: a\r\n" * 200),
    "a target without a slash": get(b"health"),
    "a target of stars": get(b"*"),
    "a target of bytes": get(b"/caf\xe9"),
    "a target that is a query": get(b"?x"),
    "NUL in the target": get(b"/\x00"),
    "a target with a bad host": get(b"http://[/health"),
    "a target with an absurd port": get(b"http://127.0.0.1:99999/health"),
    "a proxy's CONNECT": b"CONNECT 127.0.0.1:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "OPTIONS for all": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a negative length": post(b"Content-Length: -1\r\n"),
    "a signed length": post(b"Content-Length: +2\r\n", b"{}"),
    "two lengths": post(b"Content-Length: 2, 2\r\n", b"{}"),
    "two different lengths": post(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}"),
    "a length beyond all numbers": post(b"Content-Length: 99999999999999999999999999\r\n"),
    "a length and chunks": post(b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", b"0\r\n\r\n"),
    "chunks last but not least": post(b"Transfer-Encoding: chunked, gzip\r\n", b"0\r\n\r\n"),
    "unchunked gzip": post(b"Transfer-Encoding: gzip\r\n", b"0\r\n\r\n"),
    "chunks of no size": post(b"Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n"),
    "chunks of any size": post(b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffffff\r\n{}"),
    "chunks of another size": post(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}XX0\r\n\r\n"),
}
TOO_LONG: dict[str, bytes] = {
    "a long header": get(headers=HOST + b"X: " + b"a" * 9000 + b"\r\n"),
    "a long target": get(b"/" + b"a" * 9000),
    "a head of long headers": get(headers=HOST + (b"X: " + b"a" * 2000 + b"\r\n") * 50),
}
# Nobody but this host's own pages and programs come in where no token is asked for.
FOREIGN: dict[str, bytes] = {
    "no host in HTTP/1.0": get(headers=b"", version=b"HTTP/1.0"),
    "an empty host": get(headers=b"Host: \r\n"),
    "another host": get(headers=b"Host: evil.example\r\n"),
    "another host in the target": get(b"http://evil.example/health"),
    "another host beside the target's": get(b"http://127.0.0.1/health", b"Host: evil.example\r\n"),
    "half an address": get(headers=b"Host: [\r\n"),
    "a zone": get(headers=b"Host: [::1%25lo]\r\n"),
    "a user": get(headers=b"Host: evil.example@127.0.0.1\r\n"),
    "a path": get(headers=b"Host: 127.0.0.1/evil\r\n"),
    "a query": get(headers=b"Host: evil.example?@127.0.0.1\r\n"),
    "an absurd port": get(headers=b"Host: 127.0.0.1:99999\r\n"),
    "a port of letters": get(headers=b"Host: 127.0.0.1:http\r\n"),
    "a host of bytes": get(headers=b"Host: 127.0.0.1\xff\r\n"),
    "a host in circles": get(headers=b"Host: \xe2\x93\x9bocalhost\r\n"),
    "half an origin": get(headers=HOST + b"Origin: http://[\r\n"),
    "an origin of bytes": get(headers=HOST + b"Origin: http://\xff\xfe\r\n"),
    "an origin with a user": get(headers=HOST + b"Origin: http://evil.example@localhost\r\n"),
    "an origin with a path": get(headers=HOST + b"Origin: http://localhost/\r\n"),
    "an origin with a backslash": get(headers=HOST + b"Origin: http://localhost\\@evil.example\r\n"),
    "an origin with an absurd port": get(headers=HOST + b"Origin: http://localhost:99999\r\n"),
    "an origin of another scheme": get(headers=HOST + b"Origin: javascript://localhost\r\n"),
}
COMPRESSED: dict[str, bytes] = {
    **{
        coding: post(f"Content-Encoding: {coding}\r\nContent-Length: 5\r\n".encode(), b"bogus")
        for coding in ("gzip", "GZip", "deflate", "br", "zstd", "unheard-of", "identity, gzip")
    },
    "gzip in chunks": post(b"Transfer-Encoding: gzip, chunked\r\n", b"5\r\nbogus\r\n0\r\n\r\n"),
}
MORE: dict[str, tuple[bytes, int]] = {
    "bad percent signs": (get(b"/%zz"), 404),
    "percent signs for no text": (get(b"/%ff%fe"), 404),
    "percent signs for NUL": (get(b"/ui/%00"), 404),
    "two slashes": (get(b"//[/health"), 404),
    "bytes in a header": (get(headers=HOST + b"X: \xff\xfe\r\n"), 200),
    "bytes in a cookie": (get(headers=HOST + b"Cookie: \xff=;;=\r\n"), 200),
    "an upgrade to HTTP/2": (get(headers=HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n"), 200),
    "TRACE": (b"TRACE /health HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    "an expectation": (b"POST /nowhere HTTP/1.1\r\n" + HOST + b"Expect: the best\r\n\r\n", 400),
    "a query of no text": (get(b"/ready?tiers=%ff"), 422),
}
NO_IDS: dict[str, bytes] = {
    f"{method.decode()} {path.decode()}{name.decode()}": b"%s %s%s HTTP/1.1\r\n%s\r\n"
    % (method, path, name, HOST)
    for method, path in ((b"PUT", b"/sessions/"), (b"GET", b"/whip/"))
    for name in (b".", b"..", b"%2e", b"%2E%2e", b"a%0a", b"%00", b"%ff", b"a%2Fb", b"a" * 129)
}
# What is sent, and the status where no token is asked for and where one is.
TABLE: dict[str, tuple[bytes, int, int]] = {
    **{name: (sent, 400, 400) for name, sent in NOT_HTTP.items()},
    **{name: (sent, 431, 431) for name, sent in TOO_LONG.items()},
    **{name: (sent, 403, 200) for name, sent in FOREIGN.items()},
    **{name: (sent, 415, 415) for name, sent in COMPRESSED.items()},
    **{name: (sent, 422, 401) for name, sent in NO_IDS.items()},
    **{name: (sent, status, status) for name, (sent, status) in MORE.items()},
}


@pytest.fixture(params=[False, True], ids=["open", "with a token"])
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RunningApi]:
    tokens = (Token("secret"),) if request.param else ()
    async with RunningApi(make_config(tmp_path, tokens=tokens)) as api:
        yield api


async def test_strange_bytes_get_an_answer_of_ours(api: RunningApi, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    got, wanted = {}, {}
    for name, (sent, open_to_all, with_a_token) in TABLE.items():
        answer = await send(api, sent)
        got[name] = answer.status
        wanted[name] = with_a_token if api.config.tokens else open_to_all
        assert answer.status < 400 or answer.code
    assert got == wanted
    assert not [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
