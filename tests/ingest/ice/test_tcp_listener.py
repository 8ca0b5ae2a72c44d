"""A session's connections over TCP, one for each remote address."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from argusd.ingest.ice.tcp_listener import FramedConnection, TcpListener, TcpTransport

SENDER = ("192.0.2.1", 5000)


@pytest.fixture
def listener() -> TcpListener:
    return TcpListener(Counter())


def connection(listener: TcpListener, sent: list[bytes]) -> FramedConnection:
    made = FramedConnection(listener)
    made.peer = SENDER
    made.send = sent.append  # type: ignore[assignment,method-assign]
    return made


def test_an_older_connection_s_end_leaves_a_newer_one_from_the_same_address(listener: TcpListener) -> None:
    transport = TcpTransport(listener, cast(Any, SimpleNamespace(ufrag="u")))
    sent: list[bytes] = []
    older, newer = connection(listener, []), connection(listener, sent)
    assert transport.add(older)
    assert transport.add(newer)
    transport.remove(older)
    transport.sendto(b"a check", SENDER)
    assert sent == [b"a check"]
    transport.remove(newer)
    transport.sendto(b"to nobody", SENDER)
    assert sent == [b"a check"]
