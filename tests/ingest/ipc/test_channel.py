"""Control connections: whole messages in order, with their descriptors, and a bounded backlog."""

import asyncio
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc import channel as channel_module
from argusd.ingest.ipc.channel import Channel, Listener, keep_connected

from ...waiting import LONGEST_S, until


class Note(msgspec.Struct, frozen=True, tag="note"):
    text: str


class Parcel(msgspec.Struct, frozen=True, tag="parcel"):
    count: int


Message = Note | Parcel


class Inbox:
    """Collects what a channel delivers."""

    def __init__(self, sock: socket.socket) -> None:
        self.queue: asyncio.Queue[Message] = asyncio.Queue()
        self.channel: Channel[Message] = Channel(sock, Message, self.queue.put_nowait)

    async def take(self, count: int) -> list[Message]:
        return [await asyncio.wait_for(self.queue.get(), LONGEST_S) for _ in range(count)]


async def test_messages_arrive_whole_and_in_order_in_both_directions() -> None:
    a, b = (Inbox(sock) for sock in socket.socketpair())
    sent: list[Message] = [Note("x" * size) for size in (0, 1, 70_000, 3_000_000, 5)]
    for message in sent:
        a.channel.send(message)
    b.channel.send(Parcel(1))
    assert await b.take(len(sent)) == sent
    assert await a.take(1) == [Parcel(1)]
    a.channel.close()
    await asyncio.wait_for(b.channel.closed, LONGEST_S)


async def test_a_message_that_cannot_be_dealt_with_holds_up_none_behind_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ours, theirs = socket.socketpair()
    taken: asyncio.Queue[Message] = asyncio.Queue()

    def deal(message: Message) -> None:
        if message == Note("secret"):
            raise KeyError(message.text)
        taken.put_nowait(message)

    receiver, sender = Channel[Message](ours, Message, deal), Inbox(theirs).channel
    for text in ("before", "secret", "behind"):
        sender.send(Note(text))
    for text in ("before", "behind"):
        assert await asyncio.wait_for(taken.get(), LONGEST_S) == Note(text)
    assert "a control message could not be dealt with" in caplog.text
    assert "secret" not in caplog.text
    receiver.close()
    sender.close()


async def test_descriptors_travel_with_their_messages() -> None:
    a, b = (Inbox(sock) for sock in socket.socketpair())
    read_end, write_end = os.pipe()
    a.channel.send(Note("before"))
    a.channel.send(Parcel(1), fds=[write_end])
    os.close(write_end)
    assert await b.take(2) == [Note("before"), Parcel(1)]
    (received,) = b.channel.take_fds(1)
    os.write(received, b"hello")
    assert os.read(read_end, 5) == b"hello"
    for fd in (received, read_end):
        os.close(fd)
    a.channel.close()
    b.channel.close()


@settings(max_examples=30, deadline=None)
@given(junk=st.binary(min_size=4, max_size=200))
def test_bytes_that_are_no_message_end_the_connection_and_nothing_else(junk: bytes) -> None:
    async def scenario() -> None:
        raw, sock = socket.socketpair()
        inbox = Inbox(sock)
        raw.sendall(len(junk).to_bytes(4, "little") + junk)
        raw.close()
        await asyncio.wait_for(inbox.channel.closed, LONGEST_S)
        assert inbox.queue.empty()

    asyncio.run(scenario())


async def test_a_length_beyond_the_limit_is_not_waited_for() -> None:
    raw, sock = socket.socketpair()
    inbox = Inbox(sock)
    raw.sendall(b"\xff\xff\xff\xff")
    await asyncio.wait_for(inbox.channel.closed, LONGEST_S)
    assert inbox.queue.empty()
    raw.close()


async def test_a_peer_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "MAX_BACKLOG", 1 << 20)
    raw, sock = socket.socketpair()
    inbox = Inbox(sock)

    def send_without_end() -> None:
        while True:
            inbox.channel.send(Note("x" * 100_000))

    with pytest.raises(ChannelClosed, match="does not read"):
        send_without_end()
    with pytest.raises(ChannelClosed, match="is closed"):
        inbox.channel.send(Note("late"))
    raw.close()


async def test_a_client_connects_once_the_server_is_there_and_again_after_it_left(
    tmp_path: Path,
) -> None:
    path = tmp_path / "control.sock"
    connected: asyncio.Queue[Inbox] = asyncio.Queue()

    async def session(sock: socket.socket) -> None:
        inbox = Inbox(sock)
        connected.put_nowait(inbox)
        try:
            await inbox.channel.closed
        finally:
            inbox.channel.close()

    away = asyncio.Event()
    client = asyncio.create_task(keep_connected(path, session, away.set))
    await away.wait()
    for greeting in ("first", "second"):
        accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
        listener = Listener(path, accepted.put_nowait)
        assert path.stat().st_mode & 0o777 == 0o600
        server = Inbox(await asyncio.wait_for(accepted.get(), LONGEST_S))
        server.channel.send(Note(greeting))
        inbox = await asyncio.wait_for(connected.get(), LONGEST_S)
        away.clear()
        assert await inbox.take(1) == [Note(greeting)]
        assert not away.is_set()
        server.channel.close()
        listener.close()
        assert not path.exists()
        await away.wait()
    client.cancel()
    await asyncio.gather(client, return_exceptions=True)


async def test_a_listener_that_ends_leaves_the_socket_of_the_one_that_came_after_it(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    earlier = Listener(path, lambda sock: sock.close())
    accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
    later = Listener(path, accepted.put_nowait)
    earlier.close()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        (await asyncio.wait_for(accepted.get(), LONGEST_S)).close()
    later.close()
    assert not path.exists()


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process may open none: the lowest number that is free is beyond what it may have."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull, "rb") as lowest:
        free = lowest.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, allowed[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, allowed)


async def test_connections_wait_where_no_more_files_may_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(channel_module, "ACCEPT_AGAIN_SECONDS", 0.01)
    accepted: asyncio.Queue[socket.socket] = asyncio.Queue()
    listener = Listener(tmp_path / "control.sock", accepted.put_nowait)
    for _ in range(2):
        caplog.clear()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "control.sock"))
            with no_more_files():
                await until(lambda: bool(caplog.messages))
            (await asyncio.wait_for(accepted.get(), LONGEST_S)).close()
        assert caplog.messages == ["connections to control.sock have to wait: Too many open files"]
    listener.close()


async def test_a_connection_whose_descriptors_are_lost_ends(caplog: pytest.LogCaptureFixture) -> None:
    a, b = (Inbox(sock) for sock in socket.socketpair())
    with no_more_files():
        a.channel.send(Parcel(1), fds=[0])
        await asyncio.wait_for(b.channel.closed, LONGEST_S)
    assert "this process may open no more files" in caplog.text
    assert b.queue.empty()
    await asyncio.wait_for(a.channel.closed, LONGEST_S)


async def test_it_tells_when_the_peer_has_taken_everything() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel[msgspec.Struct](ours, msgspec.Struct, lambda _: None)
    theirs.setblocking(False)
    loop = asyncio.get_running_loop()
    assert channel.sent.is_set()
    channel.send(Note("x" * 1_000_000))
    assert not channel.sent.is_set(), "it is more than the socket holds"
    taken = 0
    while taken < 1_000_000:
        taken += len(await loop.sock_recv(theirs, 1 << 20))
    await asyncio.wait_for(channel.sent.wait(), LONGEST_S)
    channel.close()
    theirs.close()


async def test_a_channel_still_closes_after_a_task_that_awaited_its_end_was_cancelled() -> None:
    ours, theirs = socket.socketpair()
    channel = Channel[msgspec.Struct](ours, msgspec.Struct, lambda _: None)
    waiting = asyncio.ensure_future(asyncio.wait_for(channel.closed, LONGEST_S))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    channel.close()
    assert ours.fileno() == -1
    assert theirs.recv(1) == b""
    theirs.close()
