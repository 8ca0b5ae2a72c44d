"""Datagrams in front of aioice: a table of senders and first bytes."""

import asyncio
import struct
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from aioice import stun
from aioice.candidate import Candidate
from aioice.ice import CandidatePair, Connection
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.errors import IncompatibleLibrary
from argusd.ingest.guard import MAX_DTLS_QUEUE, MAX_REMOTE_ADDRESSES, GuardedProtocol, check_aioice
from argusd.ingest.rtp.arrival_clock import ArrivalClock

OURS, PASSWORD = "ours", "p" * 22
FRIEND, STRANGER = ("127.0.0.1", 4000), ("127.0.0.1", 4001)
RTP = b"\x80" + bytes(40)
ALERT = b"\x15\xfe\xfd" + bytes(8) + b"\x00\x02\x02\x28"


def candidate(port: int) -> Candidate:
    return Candidate("1", 1, "udp", 1, "127.0.0.1", port, "host")


class Gate:
    """A guard of a real aioice connection, without sockets. ``stun`` notes what gets through to aioice."""

    def __init__(self) -> None:
        self.connection = Connection(ice_controlling=False, local_username=OURS, local_password=PASSWORD)
        self.connection.remote_username = "them"
        self.media: list[bytes] = []
        self.dropped: Counter[str] = Counter()
        self.guard = GuardedProtocol(self.connection, self._receive, self.dropped)
        self.guard.local_candidate = candidate(5000)
        self.stun: list[bytes] = []
        self.connection.request_received = self._pass  # type: ignore[method-assign, assignment]
        remote = candidate(FRIEND[1])
        remote._network_host = FRIEND[0]
        self.pair = CandidatePair(self.guard, remote)
        self.connection._check_list.append(self.pair)

    def _pass(self, message: stun.Message, _addr: object, _protocol: object) -> None:
        self.stun.append(bytes(message))

    def _receive(self, data: bytes, _clock: ArrivalClock) -> None:
        self.media.append(data)

    def verify_friend(self) -> None:
        self.pair.state = CandidatePair.State.SUCCEEDED

    def connect_friend(self) -> None:
        """Let aioice have what gets through, with the friend's path in use; what it sends goes nowhere."""
        self.verify_friend()
        ice, nowhere = self.connection, SimpleNamespace(sendto=lambda *_: None, close=lambda: None)
        ice.remote_password = PASSWORD
        ice._early_checks_done = True
        ice._remote_candidates.append(self.pair.remote_candidate)
        ice._nominated[1] = self.pair
        del ice.request_received
        nowhere.get_extra_info = lambda _: None
        transport: Any = nowhere
        self.guard.connection_made(transport)

    @property
    def dtls(self) -> int:
        return self.connection._queue.qsize()


@pytest.fixture
async def gate() -> Gate:
    return Gate()


@pytest.mark.parametrize("size", [0, 1, 11])
async def test_empty_and_short_datagrams_end_here(gate: Gate, size: int) -> None:
    gate.verify_friend()
    gate.guard.datagram_received(b"\x80" * size, FRIEND)
    assert gate.dropped == {"short_datagram": 1}


async def test_before_its_check_succeeded_nobody_sends_dtls_or_media(gate: Gate) -> None:
    for state in (CandidatePair.State.WAITING, CandidatePair.State.IN_PROGRESS, CandidatePair.State.FAILED):
        gate.pair.state = state
        gate.guard.datagram_received(RTP, FRIEND)
        gate.guard.datagram_received(ALERT, FRIEND)
    assert gate.dropped == {"stranger_datagram": 6}
    assert (gate.media, gate.dtls) == ([], 0)


async def test_a_verified_source_sends_both_and_a_stranger_still_neither(gate: Gate) -> None:
    gate.verify_friend()
    for _ in range(2):
        gate.guard.datagram_received(RTP, FRIEND)
        gate.guard.datagram_received(ALERT, FRIEND)
        gate.guard.datagram_received(RTP, STRANGER)
        gate.guard.datagram_received(ALERT, STRANGER)
    assert (gate.media, gate.dtls) == ([RTP, RTP], 2)
    assert gate.dropped == {"stranger_datagram": 4}


async def test_an_ipv6_source_is_known_by_address_and_port(gate: Gate) -> None:
    gate.verify_friend()
    gate.guard.datagram_received(RTP, (*FRIEND, 0, 0))
    assert gate.media == [RTP]


async def test_the_queue_to_dtls_is_bounded(gate: Gate) -> None:
    gate.verify_friend()
    for _ in range(MAX_DTLS_QUEUE + 3):
        gate.guard.datagram_received(ALERT, FRIEND)
    assert gate.dtls == MAX_DTLS_QUEUE
    assert gate.dropped == {"dtls_overflow": 3}


@pytest.mark.parametrize("first", [4, 19, 64, 127, 192, 255])
async def test_first_bytes_of_no_protocol_are_dropped(gate: Gate, first: int) -> None:
    gate.verify_friend()
    gate.guard.datagram_received(bytes([first]) + bytes(40), FRIEND)
    assert gate.dropped == {"unknown_datagram": 1}


def binding(username: str | None, *, priority: bool = True) -> bytes:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    if username is not None:
        request.attributes["USERNAME"] = username
    if priority:
        request.attributes["PRIORITY"] = 1
    return bytes(request)


async def test_checks_for_us_pass_from_anywhere_and_others_do_not(gate: Gate) -> None:
    ours = binding(f"{gate.connection.local_username}:them")
    gate.guard.datagram_received(ours, STRANGER)
    gate.guard.datagram_received(binding("some:body"), STRANGER)
    gate.guard.datagram_received(binding(None), STRANGER)
    gate.guard.datagram_received(binding(f"{gate.connection.local_username}:them", priority=False), STRANGER)
    assert gate.stun == [ours]
    assert gate.dropped == {"stranger_datagram": 3, "unauthentic_stun": 1}  # it has no password


async def test_answers_pass_only_to_questions_that_were_asked(gate: Gate) -> None:
    answered: list[bytes] = []
    answers = [
        stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=bytes([number]) * 12,
        )
        for number in (1, 2)
    ]
    asked: Any = SimpleNamespace(response_received=lambda message, _: answered.append(bytes(message)))
    gate.guard.transactions[answers[0].transaction_id] = asked
    for answer in answers:
        gate.guard.datagram_received(bytes(answer), FRIEND)
    assert answered == [bytes(answers[0])]
    assert gate.dropped == {"stranger_datagram": 1}


async def test_an_attribute_that_aioice_stumbles_over_is_dropped(gate: Gate) -> None:
    short_priority = (
        struct.pack("!HHI", 1, 8, stun.COOKIE) + bytes(12) + struct.pack("!HH", 0x24, 1) + bytes(4)
    )
    with pytest.raises(struct.error):
        stun.parse_message(short_priority)
    gate.guard.datagram_received(short_priority, STRANGER)
    assert gate.dropped == {"bad_stun": 1}


async def test_a_sender_with_ever_new_addresses_has_its_newest_and_the_one_in_use(gate: Gate) -> None:
    gate.connect_friend()
    ice = gate.connection
    for port in range(10_000, 10_000 + 3 * MAX_REMOTE_ADDRESSES):
        gate.guard.datagram_received(authentic_check(ice), ("127.0.0.1", port))
        await asyncio.sleep(0)
    ports = [each.port for each in ice.remote_candidates]
    assert ports == [FRIEND[1], *range(10_001 + 2 * MAX_REMOTE_ADDRESSES, 10_000 + 3 * MAX_REMOTE_ADDRESSES)]
    assert {pair.remote_addr[1] for pair in ice._check_list} == set(ports)
    assert gate.dropped == {"remote_address_overflow": 2 * MAX_REMOTE_ADDRESSES + 1}
    await ice.close()


def authentic_check(ice: Connection) -> bytes:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    request.attributes |= {"USERNAME": f"{ice.local_username}:them", "PRIORITY": 1, "ICE-CONTROLLING": 1}
    request.add_message_integrity(ice.local_password.encode())
    return bytes(request)


async def test_what_something_stumbles_over_is_counted_and_told_once(
    gate: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_data: bytes, _clock: ArrivalClock) -> None:
        raise IndexError("a bug")

    gate.verify_friend()
    gate.guard._on_media = stumble
    for _ in range(3):
        gate.guard.datagram_received(RTP, FRIEND)
    assert gate.dropped == {"faulty_datagram": 3}
    assert [record.getMessage().splitlines()[0] for record in caplog.records] == [
        "a datagram could not be handled:"
    ]


@given(data=st.binary(max_size=80), friend=st.booleans())
def test_any_datagram_is_passed_on_or_counted(data: bytes, friend: bool) -> None:
    async def receive() -> None:
        gate = Gate()
        gate.verify_friend()
        gate.guard.datagram_received(data, FRIEND if friend else STRANGER)
        unused = gate.dropped.total() - gate.dropped["unauthentic_stun"]
        assert len(gate.media) + len(gate.stun) + gate.dtls + unused == 1

    asyncio.run(receive())


async def test_another_aioice_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    check_aioice()
    monkeypatch.delattr(Connection, "get_component_candidates")
    with pytest.raises(IncompatibleLibrary, match=r"Connection\.get_component_candidates"):
        check_aioice()
