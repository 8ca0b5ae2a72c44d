"""Datagrams that a stranger, or a sender who misbehaves, may send."""

import asyncio
import re
import socket
import struct

from aioice import stun
from OpenSSL import SSL

Address = tuple[str, int]

FATAL_ALERT = b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28"
CLOSE_NOTIFY = b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x01\x00"
SHORT_PRIORITY = struct.pack("!HHI", 1, 8, stun.COOKIE) + bytes(12) + struct.pack("!HH", 0x24, 1) + bytes(4)
RECORD_HEADER, HANDSHAKE_HEADER = 13, 12


def client_hello() -> bytes:
    """What begins a DTLS handshake, as OpenSSL makes it."""
    connection = SSL.Connection(SSL.Context(SSL.DTLS_METHOD))
    connection.set_connect_state()
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        return connection.bio_read(4096)
    raise AssertionError("a handshake needs two")


def fragments(hello: bytes, size: int) -> list[bytes]:
    """The same hello in records of so many bytes of it (RFC 6347 section 4.2.3)."""
    kind, body = hello[RECORD_HEADER : RECORD_HEADER + 1], hello[RECORD_HEADER + HANDSHAKE_HEADER :]
    made = []
    for number, at in enumerate(range(0, len(body), size)):
        part = body[at : at + size]
        lengths = b"".join(each.to_bytes(3, "big") for each in (at, len(part)))
        message = kind + len(body).to_bytes(3, "big") + b"\0\0" + lengths + part
        made.append(
            b"\x16\xfe\xff\0\0" + number.to_bytes(6, "big") + len(message).to_bytes(2, "big") + message
        )
    return made


def binding(
    username: str, message_class: stun.Class = stun.Class.REQUEST, password: str = "guessed", code: int = 0
) -> bytes:
    """A binding request, response or error of somebody who does not know the password."""
    message = stun.Message(message_method=stun.Method.BINDING, message_class=message_class)
    if message_class is stun.Class.REQUEST:
        message.attributes |= {
            "USERNAME": username,
            "PRIORITY": 1,
            "USE-CANDIDATE": None,
            "ICE-CONTROLLING": 1,
        }
    if code:
        message.attributes["ERROR-CODE"] = (code, "")
    message.add_message_integrity(password.encode())
    return bytes(message)


def forged(ufrag: str) -> dict[str, list[bytes]]:
    """Datagrams by what they are, for a session of this user name; by no one who was in its offer."""
    hello = client_hello()
    unsigned = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    unsigned.attributes |= {"USERNAME": f"{ufrag}:them", "PRIORITY": 1}
    return {
        "empty and short": [b"", b"\0", b"\x80" * 11],
        "alerts": [FATAL_ALERT, CLOSE_NOTIFY],
        "hellos": [hello, *fragments(hello, 10)],
        "RTP of any SSRC": [struct.pack("!BBHLL", 0x80, 97, n, n, 1000 + n) + bytes(200) for n in range(5)],
        "RTCP": [struct.pack("!BBHL", 0x81, 203, 1, 7) + bytes(8), b"\x9f\xc8" + b"\xff" * 60],
        "no protocol": [b"\xff" * 1400, b"\x40" * 60_000],
        "broken checks": [SHORT_PRIORITY, struct.pack("!HHI", 1, 0xFFFF, stun.COOKIE) + bytes(12)],
        "checks of others": [binding("some:body"), binding("")],
        "checks without the password": [binding(f"{ufrag}:them"), bytes(unsigned)],
        "answers to nothing": [binding("", stun.Class.RESPONSE)],
        "errors for nothing": [binding("", stun.Class.ERROR, code=code) for code in (400, 401, 487)],
    }


def sockets_of(answer_sdp: str) -> list[Address]:
    """Where the worker listens for this session."""
    return [(host, int(port)) for host, port in re.findall(r"udp \d+ (\S+) (\d+) typ host", answer_sdp)]


def ufrag_of(answer_sdp: str) -> str:
    """The session's user name."""
    found = re.search(r"a=ice-ufrag:(\S+)", answer_sdp)
    assert found
    return found[1]


async def spray(answer_sdp: str, stop: asyncio.Event, source: str = "127.0.0.1") -> int:
    """Send all that is forged to all sockets, again and again, from a stranger's address; how many."""
    datagrams = [each for kind in forged(ufrag_of(answer_sdp)).values() for each in kind]
    count = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind((source, 0))
        while not stop.is_set():
            for target in sockets_of(answer_sdp):
                for datagram in datagrams:
                    stranger.sendto(datagram, target)
                    count += 1
                    if count % 10 == 0:
                        await asyncio.sleep(0.001)
    return count
