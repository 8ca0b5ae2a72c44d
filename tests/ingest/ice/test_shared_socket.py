"""Whose a datagram is, on a port that all sessions share."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from aioice import stun
from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.guard import GuardedProtocol
from argusd.ingest.ice.shared_socket import MAX_SOURCES, SharedSocket
from argusd.ingest.rtp.arrival_clock import ArrivalClock

from ...waiting import LONGEST_S
from ..test_guard import ALERT, RTP, binding

HERE = ("127.0.0.1", 5000)
SOURCE, OTHER = ("127.0.0.1", 4000), ("127.0.0.1", 4001)


class Wire(asyncio.DatagramTransport):
    """The real socket's place. ``sent`` is what went out."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[bytes, Any]] = []

    def sendto(self, data: Any, addr: Any = None) -> None:
        self.sent.append((data, addr))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return HERE if name == "sockname" else default


class Member:
    """A session at the port; ``asked``: the transaction of a check it sent, ``media``: what it was given."""

    def __init__(self, shared: SharedSocket, name: str) -> None:
        self.connection = Connection(ice_controlling=False, local_username=name)
        self.connection.remote_username = "them"
        self.media: list[bytes] = []
        self.checks: list[tuple[str, int]] = []
        self.dropped: Counter[str] = Counter()
        self.protocol = GuardedProtocol(self.connection, self._receive, self.dropped)
        self.connection.request_received = self._checked  # type: ignore[method-assign, assignment]
        shared.attach(self.protocol)

    def _receive(self, data: bytes, _clock: ArrivalClock) -> None:
        self.media.append(data)

    def _checked(self, _message: stun.Message, addr: tuple[str, int], _protocol: object) -> None:
        self.checks.append(addr)

    def answered_from(self, shared: SharedSocket, source: tuple[str, int]) -> None:
        """A check of ours to this address comes back, and its pair has succeeded."""
        answer = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.RESPONSE)
        asked: Any = SimpleNamespace(response_received=lambda *_: None)
        self.protocol.transactions[answer.transaction_id] = asked
        pair = CandidatePair(self.protocol, Candidate("1", 1, "udp", 1, *source, "host"))
        pair.state = CandidatePair.State.SUCCEEDED
        self.connection._check_list.append(pair)
        shared.datagram_received(bytes(answer), source)


class Port:
    """A shared port and two sessions there."""

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        self.wire = Wire()
        self.shared = SharedSocket(self.dropped)
        self.shared.connection_made(self.wire)
        self.one, self.two = Member(self.shared, "uone"), Member(self.shared, "utwo")


@pytest.fixture
async def port() -> Port:
    return Port()


async def test_a_check_names_its_session_wherever_it_comes_from(port: Port) -> None:
    port.shared.datagram_received(binding("uone:them"), SOURCE)
    port.shared.datagram_received(binding("utwo:them"), SOURCE)
    port.shared.datagram_received(binding("uone:them"), OTHER)
    assert (port.one.checks, port.two.checks) == ([SOURCE, OTHER], [SOURCE])


async def test_media_are_those_of_the_session_whose_check_was_answered_from_there(port: Port) -> None:
    port.shared.datagram_received(RTP, SOURCE)
    assert port.dropped == {"stranger_datagram": 1}
    port.one.answered_from(port.shared, SOURCE)
    port.two.answered_from(port.shared, OTHER)
    for source in (SOURCE, OTHER):
        port.shared.datagram_received(RTP, source)
        port.shared.datagram_received(ALERT, source)
    assert (port.one.media, port.two.media) == ([RTP], [RTP])
    assert [each.connection._queue.qsize() for each in (port.one, port.two)] == [1, 1]


async def test_a_sender_that_publishes_anew_from_the_same_port_is_the_newer_sessions(port: Port) -> None:
    port.one.answered_from(port.shared, SOURCE)
    port.two.answered_from(port.shared, SOURCE)
    port.shared.datagram_received(RTP, SOURCE)
    assert (port.one.media, port.two.media) == ([], [RTP])


async def test_a_session_that_ends_leaves_the_port_to_the_others(port: Port) -> None:
    port.one.answered_from(port.shared, SOURCE)
    port.two.answered_from(port.shared, OTHER)
    await asyncio.wait_for(port.one.protocol.close(), LONGEST_S)
    port.shared.datagram_received(RTP, SOURCE)
    port.shared.datagram_received(binding("uone:them"), SOURCE)
    assert port.dropped == {"stranger_datagram": 2}
    port.shared.datagram_received(RTP, OTHER)
    assert port.two.media == [RTP]
    port.one.protocol.transport.sendto(b"late", SOURCE)
    port.two.protocol.transport.sendto(b"in time", OTHER)
    assert port.wire.sent == [(b"in time", OTHER)]


async def test_a_session_has_so_many_sources_and_forgets_the_oldest(port: Port) -> None:
    for number in range(MAX_SOURCES + 1):
        port.one.answered_from(port.shared, ("127.0.0.1", 6000 + number))
    assert len(port.shared._sources) == MAX_SOURCES
    port.shared.datagram_received(RTP, ("127.0.0.1", 6000))
    port.shared.datagram_received(RTP, ("127.0.0.1", 6001))
    assert port.one.media == [RTP]
    await asyncio.wait_for(port.one.protocol.close(), LONGEST_S)
    assert not port.shared._sources


@given(data=st.binary(max_size=60) | st.builds(lambda tail: binding("uone:" + tail), st.text(max_size=5)))
def test_any_datagram_is_passed_on_or_counted(data: bytes) -> None:
    async def receive() -> None:
        port = Port()
        port.one.answered_from(port.shared, SOURCE)
        port.shared.datagram_received(data, SOURCE)
        passed = len(port.one.media) + len(port.one.checks) + port.one.connection._queue.qsize()
        # What does not know the password is counted as well, and passed on: it is owed an answer.
        unused = port.one.dropped.total() - port.one.dropped["unauthentic_stun"]
        assert passed + unused + port.dropped.total() == 1

    asyncio.run(receive())
