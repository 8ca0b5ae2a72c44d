"""A path to one sender, from its parts: gathered, connected, ended, closed in any state."""

import asyncio
import gc
from collections import Counter
from pathlib import Path as FilePath
from typing import Any

import psutil
import pytest
from aiortc import RTCDtlsTransport, RTCIceParameters

from argusd.ingest import peer as peer_module
from argusd.ingest.config import IngestConfig
from argusd.ingest.ice.ice_sockets import IceSockets, gather_through
from argusd.ingest.offers.agreement import DtlsRole, Fingerprint, RemoteCandidate, RemoteTransport
from argusd.ingest.peer import Peer

from ..waiting import LONGEST_S

REMOTE = RemoteTransport(
    ufrag="them",
    password="p" * 22,
    lite=False,
    trickle=False,
    candidates=(RemoteCandidate("1", "tcp", 1, "127.0.0.1", 9, "host", "active"),),
    fingerprints=(Fingerprint("sha-256", "AA"),),
    dtls_role="server",
)

SOCKETS = IceSockets(IngestConfig(runtime_dir=FilePath("run"), ice_addresses=("127.0.0.1",)))


class Path:
    """Two of our own peers, facing each other on loopback; what they tell is noted."""

    def __init__(self, **remote: Any) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.peer = self.make(REMOTE._replace(**remote))

    def make(self, remote: RemoteTransport) -> Peer:
        peer = Peer(remote, lambda: self.told.put_nowait("connected"), self.told.put_nowait)
        gather_through(peer.connection, SOCKETS, lambda _data, _ns: None, Counter())
        return peer

    async def next(self) -> str:
        return await asyncio.wait_for(self.told.get(), LONGEST_S)


async def facing(path: Path, *, lite: bool = False) -> tuple[Peer, Peer]:
    """Two peers that know of each other; the second controls, as an offerer does unless it is lite."""
    first, second = path.make(REMOTE._replace(lite=lite)), path.make(REMOTE)
    ends = []
    for peer in (first, second):
        local = await peer.gather()
        candidates = tuple(
            RemoteCandidate(each.foundation, "udp", each.priority, each.host, each.port, "host")
            for each in local.candidates
        )
        ends.append((local, candidates))
    sides: list[tuple[Peer, Any, DtlsRole]] = [(first, ends[1], "client"), (second, ends[0], "server")]
    for peer, (local, candidates), role in sides:
        peer._remote = REMOTE._replace(
            ufrag=local.ufrag,
            password=local.password,
            candidates=candidates,
            dtls_role=role,
            lite=lite and peer is first,
        )
        peer.dtls._set_role(role)
        peer.dtls._fingerprints = [local.fingerprint]
    second.connection.ice_controlling = not lite
    return first, second


@pytest.mark.parametrize("lite", [False, True])
async def test_both_ends_connect_and_the_other_one_s_goodbye_is_the_client_s(lite: bool) -> None:
    path = Path()
    first, second = await facing(path, lite=lite)
    assert first.connection.ice_controlling == lite
    first.connect()
    second.connect()
    assert [await path.next(), await path.next()] == ["connected", "connected"]
    assert first.is_connected
    await second.close()
    assert await path.next() == "client"
    await first.close()
    await path.peer.close()
    assert path.told.empty()


async def test_what_is_missing_is_the_handshake_once_there_is_a_path() -> None:
    path = Path()
    first, second = await facing(path)
    missing = [first.missing]
    found = asyncio.Event()

    def look() -> None:
        if first._ice.state == "completed":
            found.set()

    first._ice.on("statechange", look)
    first.connect()
    remote = RTCIceParameters(second._remote.ufrag, second._remote.password)
    checks = asyncio.ensure_future(second._ice.start(remote))  # and nothing after them
    await asyncio.wait_for(found.wait(), LONGEST_S)
    missing.append(first.missing)
    assert missing == ["never_connected", "dtls_failed"]
    await first.close()
    await second.close()
    await checks
    await path.peer.close()


async def test_a_fault_in_between_ends_the_session_and_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_off(_self: object, _parameters: object) -> None:
        raise ValueError("unforeseen")

    path = Path()
    first, second = await facing(path)
    monkeypatch.setattr(RTCDtlsTransport, "start", break_off)
    first.connect()
    second.connect()
    assert await path.next() == "never_connected"
    assert "connecting to a peer broke off" in caplog.text
    await first.close()
    await second.close()


async def test_a_peer_that_takes_long_to_close_is_not_waited_for_but_closes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(peer_module, "CLOSE_TIMEOUT_S", 0.0)
    path = Path()
    await path.peer.gather()
    path.peer.connect()
    (socket,) = [each.transport for each in path.peer.connection._protocols]
    await path.peer.close()
    assert "did not close" in caplog.text
    async with asyncio.timeout(LONGEST_S):
        while not socket.is_closing():  # noqa: ASYNC110 (aioice tells nobody)
            await asyncio.sleep(0.01)


async def test_a_goodbye_that_does_not_get_through_keeps_no_socket_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = Path()
    await path.peer.gather()
    (socket,) = [each.transport for each in path.peer.connection._protocols]

    async def broken() -> None:
        raise ConnectionError

    monkeypatch.setattr(path.peer.dtls, "stop", broken)
    await path.peer.close()
    assert socket.is_closing()


@pytest.mark.parametrize("stage", ["new", "gathering", "gathered", "connecting"])
async def test_a_peer_closes_in_every_state_and_keeps_no_socket(stage: str) -> None:
    gc.collect()
    before = psutil.Process().num_fds()
    path = Path()
    gathering = asyncio.ensure_future(path.peer.gather()) if stage != "new" else None
    await asyncio.sleep(0)
    if gathering is not None and stage != "gathering":
        await gathering
    if stage == "connecting":
        path.peer.connect()
        await asyncio.sleep(0.05)
    await asyncio.wait_for(path.peer.close(), LONGEST_S)
    await asyncio.sleep(0)
    assert psutil.Process().num_fds() == before
    assert path.told.empty()
