# ruff: noqa: E501 one case of the table is one line
"""WHIP over HTTP, against the real api and a real ingest worker: a case for each rule, by its section.

Sections are those of RFC 9725, others are named (``RFC 8839 5.4``). A case is one request and what its answer
must be; paths, headers and bodies may hold what ``prepare`` finds out before it.
"""

import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from argusd.api.config import Token
from argusd.ingest.ice.ice_servers import IceServer

from ..fixtures import OFFER, SDP, RunningApi, running_whip

FRAGMENT = "application/trickle-ice-sdpfrag"
TRICKLED = """a=ice-ufrag:abcd\r
a=ice-pwd:0123456789abcdefghijklmn\r
m=audio 9 UDP/TLS/RTP/SAVPF 0\r
a=mid:0\r
a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r
a=end-of-candidates\r
"""
PUBLISHER, OTHER, READER = (f"{name}-{32 * 'x'}" for name in ("publisher", "other", "reader"))
MANY: dict[str, Any] = {
    "whip_posts_per_minute": 100_000,
    "whip_posts_per_minute_and_session": 100_000,
    "whip_half_open_per_client": 1000,
}
# How the daemon is set up for a case: what its worker is told, and its api.
SETUPS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "open": ({}, MANY),
    "guarded": (
        {},
        MANY
        | {
            "tokens": (
                Token(PUBLISHER, "s"),
                Token(OTHER, "kyc-"),
                Token(READER, scopes=("watch",)),
            ),
            "ice_servers": (IceServer(urls=("turn:turn.example",), username="u", credential="s3cret"),),
        },
    ),
    "full": ({"max_sessions": 1}, MANY),
    "slow": ({}, MANY | {"whip_posts_per_minute_and_session": 2}),
    "half open": ({}, MANY | {"whip_half_open_per_client": 1}),
    "servers": ({}, MANY | {"ice_servers": (IceServer(urls=("stun:stun.example",)),)}),
}


class Case(NamedTuple):
    """``prepare`` makes what the braces stand for; ``has`` and ``lacks`` are patterns of the body's lines."""

    name: str
    method: str
    path: str
    status: int
    code: str = ""
    headers: Mapping[str, str] = {}
    body: str | bytes = b""
    answer: Mapping[str, str] = {}
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    setup: str = "open"
    prepare: str = ""


def offer(*changes: tuple[str, str], of: str = OFFER) -> str:
    """The offer, changed everywhere where it reads so."""
    for old, new in changes:
        assert old in of, old
        of = of.replace(old, new)
    return of


def video(*changes: tuple[str, str]) -> str:
    """The offer, changed in its second section."""
    head, section = OFFER.split("m=video")
    return f"{head}m=video{offer(*changes, of=section)}"


def alone(kind: str) -> str:
    """An offer of one kind."""
    head, *sections = OFFER.split("m=")
    (section,) = [each for each in sections if each.startswith(kind)]
    mid = "0" if kind == "audio" else "1"
    return offer(("BUNDLE 0 1", f"BUNDLE {mid}"), of=head) + "m=" + section


def answered(name: str, body: str = OFFER, **answer: Any) -> Case:
    """An offer that is accepted."""
    return Case(name, "POST", "/whip/s1", 201, headers=SDP, body=body, **answer)


def refused(name: str, body: str | bytes, status: int = 400, code: str = "bad_offer") -> Case:
    """An offer that is not."""
    return Case(name, "POST", "/whip/s1", status, code, SDP, body)


def patched(name: str, body: str | bytes, status: int, code: str = "", **more: Any) -> Case:
    """A fragment for a session that is there."""
    headers = {"Content-Type": FRAGMENT} | more.pop("headers", {})
    return Case(
        name,
        "PATCH",
        "{resource}",
        status,
        code,
        headers,
        body,
        prepare=more.pop("prepare", "published"),
        **more,
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST"
DATA_CHANNEL = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:2\r\na=sctp-port:5000\r\n"
)
FINGERPRINT = f"a=fingerprint:sha-256 {':'.join(32 * ['AB'])}"
TRANSPORT = f"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\n{FINGERPRINT}\r\na=setup:actpass\r\n"
SHA_1 = f"a=fingerprint:sha-1 {':'.join(20 * ['AB'])}"
SIMULCAST = (
    "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
    "a=rid:h send\r\na=rid:l send\r\na=simulcast:send h;l\r\n"
)

ANSWERS = (
    answered("4.2 an offer is answered by 201", answer={"Content-Type": r"application/sdp"}),
    answered("4.2 Location names the session", answer={"Location": r"/whip/s1/[\w-]{32}"}),
    answered("4.2 the answer is SDP", has=(r"v=0", r"o=- \d+ \d+ IN IP4 .+", r"s=.+", r"t=0 0")),
    answered("4.2 the sender's sections are received", has=(r"a=recvonly",), lacks=(r"a=send(recv|only)",)),
    answered("4.2 sendrecv is answered by recvonly", offer(("sendonly", "sendrecv")), has=(r"a=recvonly",)),
    answered("4.2 a section without direction is sendrecv", offer(("a=sendonly\r\n", "")), has=(r"a=recvonly",)),
    answered("4.2 sound alone", alone("audio"), has=(r"m=audio [1-9]\d* .*",), lacks=(r"m=video.*",)),
    answered("4.2 a picture alone", alone("video"), has=(r"m=video [1-9]\d* .*",), lacks=(r"m=audio.*",)),
    answered("4.2 one section needs no group", offer(("a=group:BUNDLE 1\r\n", ""), of=alone("video"))),
    answered("4.3.1 ETag is strong and the session's", answer={"ETag": r'"[!#-~]+"'}),
    answered("4.3.2 all candidates are in the answer", has=(r"a=candidate:.* typ host.*", r"a=end-of-candidates")),
    answered("4.3.2 trickle is answered by trickle", has=(r"a=ice-options:trickle",)),
    answered(
        "4.3.2 and is not where it is not offered",
        offer(("a=ice-options:trickle\r\n", "")),
        lacks=(r"a=ice-options:.*trickle.*",),
    ),
    answered("4.3.2 candidates in the offer", video(("a=mid:1", "a=mid:1\r\na=candidate:1 1 udp 1 192.0.2.1 9 typ host"))),
    answered("4.3.2 a candidate that is a name", video(("a=mid:1", "a=mid:1\r\na=candidate:1 1 udp 1 x.local 9 typ host"))),
    answered("4.4.1 one bundle", has=(r"a=group:BUNDLE 0 1",)),
    answered("4.4.1 rtcp-mux", has=(r"a=rtcp-mux",), lacks=(r"a=rtcp:.*",)),
    answered("4.4.1 rtcp-mux-only", has=(r"a=rtcp-mux-only",)),
    answered("4.4.1 rtcp-mux alone is enough", offer(("a=rtcp-mux-only\r\n", ""))),
    answered(
        "4.4.1 a section that is bundled only",
        offer(("m=video 9", "m=video 0"), ("a=mid:1", "a=mid:1\r\na=bundle-only")),
        has=(r"m=video [1-9]\d* .*",),
    ),
    answered("4.4.1 transports above all sections", offer((TRANSPORT, ""), ("t=0 0\r\n", f"t=0 0\r\n{TRANSPORT}"))),
    answered("4.4.3 of several codecs one is enough", offer(("SAVPF 96", "SAVPF 98 96"), ("a=rtpmap:96", "a=rtpmap:98 H265/90000\r\na=rtpmap:96"))),
    answered("4.4.3 only codecs of the offer", has=(r"m=video \d+ UDP/TLS/RTP/SAVPF 96", r"m=audio \d+ UDP/TLS/RTP/SAVPF 111")),
    answered("4.4.3 a data channel is rejected alone", OFFER + DATA_CHANNEL, has=(r"m=application 0 .*",)),
    answered("4.4.4 actpass: we are the client", has=(r"a=setup:active",)),
    answered("4.4.4 active: we are the server", offer(("actpass", "active")), has=(r"a=setup:passive",)),
    answered("4.8 simulcast", video(("a=mid:1\r\n", f"a=mid:1\r\n{SIMULCAST}")), has=(r"a=simulcast:recv h;l", r"a=rid:h recv.*")),
    answered("4.8 rids without their extension are one stream", video(("a=mid:1\r\n", "a=mid:1\r\na=rid:h send\r\na=simulcast:send h\r\n")), lacks=(r"a=simulcast.*",)),
    answered("4.9 an extension is linked to", answer={"Link": r'.*</sessions/s1/events\?after=\d+>; rel="urn:.+".*'}),
    answered("5 our certificate by a strong hash", has=(r"a=fingerprint:sha-(256|384|512) ([0-9A-F]{2}:)+[0-9A-F]{2}",)),
    answered("RFC 3264 6 as many sections, in their order", OFFER + DATA_CHANNEL, has=(r"m=audio[\s\S]*m=video[\s\S]*m=application.*",)),
    answered("RFC 5888 the mids of the offer", has=(r"a=mid:0", r"a=mid:1")),
    answered("RFC 8122 5 of several fingerprints a strong one", offer((FINGERPRINT, f"{SHA_1}\r\n{FINGERPRINT}"))),
    answered("RFC 8122 5 the hash's name in capitals", offer(("sha-256", "SHA-256"))),
    answered("RFC 8839 5.4 credentials of our own", has=(r"a=ice-ufrag:[\w+/]{4,}", r"a=ice-pwd:[\w+/]{22,}"), lacks=(r"a=ice-ufrag:abcd",)),
    answered("RFC 8866 5 lines that end in LF alone", offer(("\r\n", "\n"))),
    answered("RFC 8866 5.13 attributes that nobody knows", offer(("a=mid:0", "a=mid:0\r\na=quite-unknown:x"))),
    answered("RFC 9110 8.3 a type with parameters", offer())._replace(headers={"Content-Type": "application/sdp; charset=utf-8"}),
    answered("RFC 9110 8.3 a type in other letters")._replace(headers={"Content-Type": "Application/SDP"}),
    answered("RFC 3264 5.1 a stopped section of port 0", video((" 9 UDP", " 0 UDP"), ("a=sendonly", "a=inactive")).replace("BUNDLE 0 1", "BUNDLE 0"), has=(r"m=video 0 .*",)),
    answered("RFC 3264 5.1 one that is not sent stays inactive", video(("a=sendonly", "a=inactive")), has=(r"a=inactive",)),
)  # fmt: skip

REFUSED_OFFERS = (
    refused("4.2 no SDP", "this is no sdp"),
    refused("4.2 no media", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"),
    refused("4.2 an empty body", b"", code="malformed_body"),
    refused("4.2 white space alone", b" \r\n", code="malformed_body"),
    refused("4.2 not text", b"\xff\xfe\x00", code="malformed_body"),
    refused("4.2 a body beyond measure", b"v=0\r\n" * 20_000, 413, "body_too_large"),
    Case("4.2 JSON", "POST", "/whip/s1", 415, "unsupported_media_type", {"Content-Type": "application/json"}, OFFER),
    Case("4.2 plain text", "POST", "/whip/s1", 415, "unsupported_media_type", {"Content-Type": "text/plain"}, OFFER),
    Case("4.2 no type", "POST", "/whip/s1", 415, "unsupported_media_type", {}, OFFER.encode()),
    Case("4.2 a fragment's type", "POST", "/whip/s1", 415, "unsupported_media_type", {"Content-Type": FRAGMENT}, OFFER),
    refused("4.2 recvonly", offer(("sendonly", "recvonly")), 422, "offer_not_sending"),
    refused("4.2 inactive", offer(("sendonly", "inactive")), 422, "offer_not_sending"),
    refused("4.2 a data channel alone", OFFER.split("m=")[0] + DATA_CHANNEL),
    refused("4.4.1 two sections in no bundle", offer(("a=group:BUNDLE 0 1\r\n", ""))),
    refused("4.4.1 one section is not in the bundle", offer(("BUNDLE 0 1", "BUNDLE 0"))),
    refused("4.4.1 a bundle for each", offer(("a=group:BUNDLE 0 1", "a=group:BUNDLE 0\r\na=group:BUNDLE 1"))),
    refused("4.4.1 a section without mid", offer(("a=mid:1\r\n", ""))),
    refused("4.4.1 the same mid twice", offer(("a=mid:1", "a=mid:0"))),
    refused("4.4.1 no rtcp-mux", offer(("a=rtcp-mux-only\r\n", ""), ("a=rtcp-mux\r\n", ""))),
    refused("4.4.1 port 0 and not bundled only", offer(("m=video 9", "m=video 0"))),
    refused("4.4.1 port 0, sent and in no bundle", offer(("m=video 9", "m=video 0"), ("BUNDLE 0 1", "BUNDLE 0"))),
    refused("4.4.1 sound of port 0", offer(("m=audio 9", "m=audio 0"))),
    refused("4.4.1 port 0 alone", offer(("m=video 9", "m=video 0"), of=alone("video"))),
    refused("4.4.2 two pictures", offer(("BUNDLE 0 1", "BUNDLE 0 1 2")) + "m=video" + offer(("a=mid:1", "a=mid:2"), of=OFFER.split("m=video")[1]), 422, "too_many_tracks"),
    refused("4.4.2 two sounds", offer(("m=video", "m=audio"), ("VP8/90000", "opus/48000/2")), 422, "too_many_tracks"),
    refused("4.4.3 a picture of no codec of ours", offer(("VP8/90000", "H265/90000")), 422, "unsupported_codec"),
    refused("4.4.3 sound of no codec of ours", offer(("opus/48000/2", "G722/8000")), 422, "unsupported_codec"),
    refused("4.4.3 no codec by name", offer(("a=rtpmap:96 VP8/90000\r\n", "")), 422, "unsupported_codec"),
    refused("4.4.4 no role", offer(("a=setup:actpass\r\n", ""))),
    refused("4.4.4 holdconn", offer(("actpass", "holdconn"))),
    refused("4.4.4 no role that there is", offer(("actpass", "sideways"))),
    refused("4.4.4 the picture's role is none", video(("actpass", "holdconn"))),
    refused("5 no fingerprint", offer((f"{FINGERPRINT}\r\n", ""))),
    refused("5 sha-1 alone", offer((FINGERPRINT, SHA_1))),
    refused("5 sha-1 alone for the picture", video((FINGERPRINT, SHA_1))),
    refused("5 md5", offer(("sha-256", "md5"))),
    refused("5 an unknown hash for the picture", video(("sha-256", "sha-1024"))),
    refused("5 a fingerprint without a digest", offer((FINGERPRINT, "a=fingerprint:sha-256"))),
    refused("RFC 5764 8 a picture in the clear", video(("UDP/TLS/RTP/SAVPF", "RTP/AVP"))),
    refused("RFC 5764 8 a picture with feedback in the clear", video(("UDP/TLS/RTP/SAVPF", "RTP/AVPF"))),
    refused("RFC 5764 8 a picture without DTLS", video(("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"))),
    refused("RFC 5764 8 sound without DTLS", offer(("m=audio 9 UDP/TLS/RTP/SAVPF", "m=audio 9 RTP/SAVP"))),
    refused("RFC 5764 8 DTLS and yet in the clear", offer(("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/AVPF"))),
    refused("RFC 8839 5.4 no user name", offer(("a=ice-ufrag:abcd\r\n", ""))),
    refused("RFC 8839 5.4 no password", offer(("a=ice-pwd:0123456789abcdefghijklmn\r\n", ""))),
    refused("RFC 8839 5.4 a user name of three letters", offer(("ufrag:abcd", "ufrag:abc"))),
    refused("RFC 8839 5.4 a password of 21 letters", offer(("0123456789abcdefghijklmn", "0123456789abcdefghijk"))),
    refused("RFC 8839 5.4 a password beyond measure", offer(("0123456789abcdefghijklmn", 257 * "x"))),
    refused("RFC 8839 5.4 the picture's password", video(("0123456789abcdefghijklmn", "short"))),
    refused("RFC 8866 5.14 a port that is none", offer(("m=video 9", "m=video 99999"))),
    refused("RFC 8866 5.14 half a media line", offer(("m=video 9 UDP/TLS/RTP/SAVPF 96", "m=video 9"))),
    refused("RFC 9143 9.1 one payload type for two codecs", offer(("SAVPF 111", "SAVPF 96"), ("a=rtpmap:111", "a=rtpmap:96"))),
    refused("4.2 an id that is none", OFFER, 422, "invalid_field")._replace(path="/whip/a%20b"),
)  # fmt: skip

TRICKLES = (
    patched("4.3.1 candidates that come later", TRICKLED, 204),
    patched("4.3.1 with the session's ETag", TRICKLED, 204, headers={"If-Match": "{etag}"}),
    patched("4.3.1 with one of several", TRICKLED, 204, headers={"If-Match": '"other", {etag}'}),
    patched("4.3.1 with another", TRICKLED, 412, "precondition_failed", headers={"If-Match": '"other"'}),
    patched("4.3.1 with a weak one", TRICKLED, 412, "precondition_failed", headers={"If-Match": "W/{etag}"}),
    patched("4.3.1 another type", TRICKLED, 415, "unsupported_media_type", headers={"Content-Type": "application/sdp"}),
    patched("4.3.1 a type with parameters", TRICKLED, 204, headers={"Content-Type": f"{FRAGMENT}; x=y"}),
    patched("4.3.1 no body", b"", 400, "malformed_body"),
    patched("4.3.1 not text", b"\xff\xfe", 400, "malformed_body"),
    patched("4.3.1 a body beyond measure", b"a=x\r\n" * 20_000, 413, "body_too_large"),
    patched("4.3.2 a user name in each section", "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:x\r\n", 204),
    patched("4.3.2 the end of candidates alone", "a=ice-ufrag:abcd\r\na=end-of-candidates\r\n", 204),
    patched("4.3.2 a fragment without user name", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 400, "malformed_body"),
    patched("4.3.2 half a media line", "m=audio\r\na=ice-ufrag:abcd\r\n", 400, "malformed_body"),
    patched("4.3.2 twice the same", TRICKLED, 204, prepare="trickled"),
    patched("4.3.3 a restart", offer(("abcd", "efgh"), of=TRICKLED), 422, "ice_restart_unsupported"),
    patched("4.3.3 a restart of whatever is there", offer(("abcd", "efgh"), of=TRICKLED), 422, "ice_restart_unsupported", headers={"If-Match": "*"}),
    patched("4.3.3 and the session goes on", TRICKLED, 204, prepare="restart refused"),
    patched("4.2 of a session that is over", TRICKLED, 404, "resource_not_found", prepare="ended"),
    patched("4.2 of one that was replaced", TRICKLED, 404, "resource_not_found", prepare="replaced"),
    Case("4.2 at the endpoint", "PATCH", "/whip/s1", 405, "method_not_allowed", {"Content-Type": FRAGMENT}, TRICKLED),
)  # fmt: skip

SESSIONS = (
    Case("4.2 DELETE ends the session", "DELETE", "{resource}", 200, prepare="published"),
    Case("4.2 DELETE twice", "DELETE", "{resource}", 404, "resource_not_found", prepare="ended"),
    Case("4.2 DELETE ignores an ETag", "DELETE", "{resource}", 200, headers={"If-Match": '"other"'}, prepare="published"),
    Case("4.2 DELETE of a replaced session", "DELETE", "{resource}", 404, "resource_not_found", prepare="replaced"),
    Case("4.2 DELETE at the endpoint", "DELETE", "/whip/s1", 405, "method_not_allowed", prepare="published"),
    Case("4.2 after DELETE the id is free", "POST", "/whip/s1", 201, headers=SDP, body=OFFER, prepare="ended"),
    Case("4.2 POST again replaces", "POST", "/whip/s1", 201, headers=SDP, body=OFFER, prepare="published"),
    Case("4.2 GET of a session", "GET", "{resource}", 204, prepare="published"),
    Case("4.2 GET of a session that is over", "GET", "{resource}", 404, "resource_not_found", prepare="ended"),
    Case("4.2 GET of a session that is guessed", "GET", "/whip/s1/guess", 404, "resource_not_found", prepare="published"),
    Case("4.2 GET of the endpoint", "GET", "/whip/s1", 204),
    Case("4.2 PUT is for a later version", "PUT", "/whip/s1", 405, "method_not_allowed", headers=SDP, body=OFFER, answer={"Allow": r".*POST.*"}),
    Case("4.2 PUT of a session", "PUT", "{resource}", 405, "method_not_allowed", headers=SDP, body=OFFER, prepare="published", answer={"Allow": r".*DELETE.*"}),
    Case("4.2 POST to a session", "POST", "{resource}", 405, "method_not_allowed", headers=SDP, body=OFFER, prepare="published", answer={"Allow": r".*PATCH.*"}),
    Case("5 a session that is guessed", "DELETE", "/whip/s1/guess", 404, "resource_not_found", prepare="published"),
    Case("5 a session under another's id", "DELETE", "/whip/s2/{secret}", 404, "resource_not_found", prepare="published"),
    Case("5 a session without a name", "DELETE", "/whip/s1/", 404, "not_found", prepare="published"),
    Case("5 a session's name and more", "DELETE", "{resource}x", 404, "resource_not_found", prepare="published"),
)  # fmt: skip

OPTIONS = (
    Case("4.2 OPTIONS tells what is taken", "OPTIONS", "/whip/s1", 200, answer={"Accept-Post": "application/sdp", "Allow": METHODS}),
    Case("4.2 OPTIONS of a session", "OPTIONS", "{resource}", 200, answer={"Accept-Patch": FRAGMENT, "Allow": METHODS}, prepare="published"),
    Case("4.2 OPTIONS tells no stranger what there is", "OPTIONS", "/whip/s9/guess", 200, answer={"Allow": METHODS}),
    Case("CORS a page of this host", "OPTIONS", "/whip/s1", 200, headers={"Origin": "http://localhost:3000"}, answer={"Access-Control-Allow-Origin": "http://localhost:3000", "Access-Control-Allow-Methods": METHODS}),
    Case("CORS the headers that WHIP needs", "OPTIONS", "/whip/s1", 200, headers={"Origin": "http://localhost:3000"}, answer={"Access-Control-Allow-Headers": r".*Authorization.*Content-Type.*If-Match.*", "Access-Control-Expose-Headers": r".*ETag.*Link.*Location.*"}),
    Case("CORS a page from elsewhere", "OPTIONS", "/whip/s1", 403, "origin_refused", headers={"Origin": "https://evil.example"}),
    Case("CORS its offer", "POST", "/whip/s1", 403, "origin_refused", headers=SDP | {"Origin": "https://evil.example"}, body=OFFER),
    Case("CORS an answer may be read", "POST", "/whip/s1", 201, headers=SDP | {"Origin": "http://localhost:3000"}, body=OFFER, answer={"Access-Control-Allow-Origin": "http://localhost:3000", "Access-Control-Expose-Headers": ".*Location.*"}),
    Case("4.7 a preflight needs no token", "OPTIONS", "/whip/s1", 200, headers={"Origin": "https://app.example"}, setup="guarded", answer={"Access-Control-Allow-Headers": ".*Authorization.*"}),
)  # fmt: skip

AUTHORITY = (
    Case("4.7.1 no token", "POST", "/whip/s1", 401, "unauthorized", SDP, OFFER, setup="guarded", answer={"WWW-Authenticate": "Bearer.*"}),
    Case("4.7.1 a wrong token", "POST", "/whip/s1", 401, "unauthorized", SDP | bearer("guess"), OFFER, setup="guarded", answer={"WWW-Authenticate": "Bearer.*"}),
    Case("4.7.1 another scheme", "POST", "/whip/s1", 401, "unauthorized", SDP | {"Authorization": f"Basic {PUBLISHER}"}, OFFER, setup="guarded"),
    Case("4.7.1 a good token", "POST", "/whip/s1", 201, "", SDP | bearer(PUBLISHER), OFFER, setup="guarded"),
    Case("4.7.1 the scheme in other letters", "POST", "/whip/s1", 201, "", SDP | {"Authorization": f"bearer {PUBLISHER}"}, OFFER, setup="guarded"),
    Case("4.7.1 a token for other sessions", "POST", "/whip/s1", 403, "forbidden", SDP | bearer(OTHER), OFFER, setup="guarded"),
    Case("4.7.1 a token that may only watch", "POST", "/whip/s1", 403, "insufficient_scope", SDP | bearer(READER), OFFER, setup="guarded"),
    Case("4.7.1 DELETE without a token", "DELETE", "{resource}", 401, "unauthorized", setup="guarded", prepare="published"),
    Case("4.7.1 PATCH without a token", "PATCH", "{resource}", 401, "unauthorized", {"Content-Type": FRAGMENT}, TRICKLED, setup="guarded", prepare="published"),
    Case("4.7.1 DELETE with another's token", "DELETE", "{resource}", 403, "forbidden", bearer(OTHER), setup="guarded", prepare="published"),
    Case("4.7.1 DELETE with the token", "DELETE", "{resource}", 200, "", bearer(PUBLISHER), setup="guarded", prepare="published"),
)  # fmt: skip

LOAD = (
    Case("4.5 no room: when to come back", "POST", "/whip/s2", 503, "worker_full", SDP, OFFER, setup="full", prepare="published", answer={"Retry-After": r"\d+"}),
    Case("5 an id tried too often", "POST", "/whip/s1", 429, "rate_limited", SDP, OFFER, setup="slow", prepare="published", answer={"Retry-After": r"\d+"}),
    Case("5 too many that never connect", "POST", "/whip/s2", 429, "rate_limited", SDP, OFFER, setup="half open", prepare="published", answer={"Retry-After": r"\d+"}),
    Case("4.6 STUN servers with the answer", "POST", "/whip/s1", 201, "", SDP, OFFER, setup="servers", answer={"Link": r'.*<stun:stun\.example>; rel="ice-server".*'}),
    Case("4.6 and with OPTIONS", "OPTIONS", "/whip/s1", 200, setup="servers", answer={"Link": r'.*<stun:stun\.example>; rel="ice-server".*'}),
    Case("4.6 TURN credentials with the answer", "POST", "/whip/s1", 201, "", SDP | bearer(PUBLISHER), OFFER, setup="guarded", answer={"Link": r'.*turn:turn\.example.*username="u"; credential="s3cret"; credential-type="password".*'}),
    Case("4.6 and not for everybody", "OPTIONS", "/whip/s1", 200, setup="guarded", answer={"Link": ""}),
)  # fmt: skip

CASES = (*ANSWERS, *REFUSED_OFFERS, *TRICKLES, *SESSIONS, *OPTIONS, *AUTHORITY, *LOAD)

Start = Callable[[str], Awaitable[RunningApi]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def start(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Start]:
    """Starts a daemon of each setup when it is first needed."""
    running: dict[str, RunningApi] = {}
    async with contextlib.AsyncExitStack() as stack:

        async def start(setup: str) -> RunningApi:
            if setup not in running:
                ingest, api = SETUPS[setup]
                folder = tmp_path_factory.mktemp("daemon")
                running[setup] = await stack.enter_async_context(running_whip(folder, ingest, **api))
            return running[setup]

        yield start


async def prepared(api: RunningApi, case: Case) -> dict[str, str]:
    """What a case's braces stand for, once all is as it is to be before its request."""
    if not case.prepare:
        return {}
    token = bearer(PUBLISHER) if case.setup == "guarded" else {}

    async def publish() -> dict[str, str]:
        async with api.http.post("/whip/s1", data=OFFER, headers=SDP | token) as response:
            assert response.status == 201, await response.text()
            location = response.headers["Location"]
        return {"resource": location, "secret": location.rpartition("/")[2], "etag": response.headers["ETag"]}

    found = await publish()
    if case.prepare == "ended":
        assert (await api.json("DELETE", found["resource"], headers=token))[0] == 200
    elif case.prepare == "replaced":
        await publish()
    elif case.prepare in ("trickled", "restart refused"):
        body = TRICKLED if case.prepare == "trickled" else TRICKLED.replace("abcd", "efgh")
        await api.json("PATCH", found["resource"], data=body, headers={"Content-Type": FRAGMENT})
    return found


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
async def test_a_rule_of_whip(start: Start, case: Case) -> None:
    api = await start(case.setup)
    found = await prepared(api, case)
    headers = {name: value.format(**found) for name, value in case.headers.items()}
    path, token = case.path.format(**found), bearer(PUBLISHER) if case.setup == "guarded" else {}
    skip = () if "Content-Type" in headers else ("Content-Type",)
    request = api.http.request(case.method, path, data=case.body, headers=headers, skip_auto_headers=skip)
    async with request as response:
        body = await response.text()
        assert response.status == case.status, body
        if case.code:
            reply = await response.json()
            assert (reply["success"], reply["error_code"]) == (False, case.code), reply
            assert reply["error"]
        for name, pattern in case.answer.items():
            assert re.fullmatch(pattern, ", ".join(response.headers.getall(name, []))), response.headers
        for pattern in case.has:
            assert re.search(f"^{pattern}\r?$", body, re.MULTILINE), body
        for pattern in case.lacks:
            assert not re.search(f"^{pattern}\r?$", body, re.MULTILINE), body
    for session in ("s1", "s2"):
        await api.json("DELETE", f"/sessions/{session}", headers=token)


def section(case: Case) -> str:
    """The section, or the other document, that a case's name begins with."""
    words = case.name.split()
    return " ".join(words[:2]) if words[0] == "RFC" else words[0]


def test_the_table_has_each_case_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 100
    sections = Counter(section(case) for case in CASES)
    with capsys.disabled():
        told = ", ".join(f"{section}: {count}" for section, count in sections.items())
        print(f"\nWHIP conformance: {len(CASES)} cases ({told})")  # noqa: T201 whoever runs the tests sees what was tried
