"""The answer to an offer as text (RFC 3264, 9429 section 5.3.1, 9725). Pure.

Each section repeats the transport of the bundle, since some senders look for it in their own, and aiortc
even in a rejected one; the candidates stand with the tagged section alone.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from aioice.candidate import Candidate

from .agreement import AgreedCodec, AgreedSection, Agreement, Fingerprint
from .bitrate_limits import BitrateLimits
from .simulcast import simulcast_lines

NO_ADDRESS, NO_PORT = "0.0.0.0", 9  # noqa: S104 (nothing is bound: no address, RFC 9429 section 5.2.1)
SETUP = {"client": "active", "server": "passive"}


class LocalTransport(NamedTuple):
    """Our own end: ICE credentials, all candidates, and the digest of our certificate."""

    ufrag: str
    password: str
    candidates: Sequence[Candidate]
    fingerprint: Fingerprint


def write_answer(agreement: Agreement, local: LocalTransport, session_id: int, limits: BitrateLimits) -> str:
    """The SDP answer; ``session_id`` is that of its o= line, ``limits`` are for pictures."""
    lines = ["v=0", f"o=- {session_id} 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    bundled = [section.offered.mid for section in agreement.sections if section.bundled]
    if bundled:
        tagged = agreement.sections[agreement.tagged].offered.mid
        lines.append(f"a=group:BUNDLE {' '.join([tagged, *(mid for mid in bundled if mid != tagged)])}")
    if agreement.transport.trickle:
        lines.append("a=ice-options:trickle")
    for section in agreement.sections:
        lines += _section(section, agreement, local, limits)
    return "".join(f"{line}\r\n" for line in lines)


def _section(
    section: AgreedSection, agreement: Agreement, local: LocalTransport, limits: BitrateLimits
) -> Iterator[str]:
    offered = section.offered
    if section.direction == "rejected":
        yield f"m={offered.kind} 0 {offered.protocol} {' '.join(offered.formats)}"
        yield f"c=IN IP4 {NO_ADDRESS}"
        if offered.mid:
            yield f"a=mid:{offered.mid}"
        yield "a=inactive"
        yield from _transport(agreement, local)
        return
    default = next(iter(local.candidates), None)
    address, port = (default.host, default.port) if default else (NO_ADDRESS, NO_PORT)
    payload_types = " ".join(str(codec.payload_type) for codec in section.codecs)
    yield f"m={offered.kind} {port} {offered.protocol} {payload_types}"
    yield f"c=IN IP{ipaddress.ip_address(address).version} {address}"
    if offered.kind == "video" and limits.most:
        yield f"b=AS:{limits.most // 1000}"
        yield f"b=TIAS:{limits.most}"
    if offered.mid:
        yield f"a=mid:{offered.mid}"
    yield f"a={section.direction}"
    yield "a=rtcp-mux"
    yield "a=rtcp-mux-only"  # RFC 9725 section 4.4.1
    if "rtcp-rsize" in offered.attributes:
        yield "a=rtcp-rsize"  # RFC 5506: most of our feedback stands alone
    yield from _transport(agreement, local)
    yield from _formats(section, limits)
    yield from simulcast_lines(section.layers)
    if offered.position == agreement.tagged:
        yield from (f"a=candidate:{candidate.to_sdp()}" for candidate in local.candidates)
        yield "a=end-of-candidates"


def _transport(agreement: Agreement, local: LocalTransport) -> Iterator[str]:
    yield f"a=ice-ufrag:{local.ufrag}"
    yield f"a=ice-pwd:{local.password}"
    yield f"a=fingerprint:{local.fingerprint.algorithm} {local.fingerprint.value}"
    yield f"a=setup:{SETUP[agreement.transport.dtls_role]}"


def _formats(section: AgreedSection, limits: BitrateLimits) -> Iterator[str]:
    for extension in section.extensions:
        direction = f"/{extension.direction}" if extension.direction else ""
        yield f"a=extmap:{extension.number}{direction} {extension.uri}"
    for codec in section.codecs:
        yield f"a=rtpmap:{codec.payload_type} {codec.encoding}"
        yield from (f"a=rtcp-fb:{codec.payload_type} {each}" for each in codec.feedback)
        if parameters := dict(codec.parameters) | _start_bitrate(codec, limits):
            text = ";".join(f"{name}={value}" for name, value in parameters.items())
            yield f"a=fmtp:{codec.payload_type} {text}"


def _start_bitrate(codec: AgreedCodec, limits: BitrateLimits) -> dict[str, int]:
    # libwebrtc begins at 300 kbit/s, too little for 640x360 even, and its encoder is slow to dare more. Who
    # knows one extension of Google's may know another.
    known = "goog-remb" in codec.feedback
    return {"x-google-start-bitrate": limits.cap(limits.start) // 1000} if known else {}
