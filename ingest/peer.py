"""ICE and DTLS with one sender: aiortc's transports, without its RTCPeerConnection and its reading of SDP."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable
from typing import Literal

from aioice.candidate import Candidate
from aioice.ice import Connection
from aiortc import RTCIceCandidate, RTCIceGatherer, RTCIceParameters, RTCIceTransport

from .dtls import DtlsTransport
from .guard import GuardedProtocol
from .offers.agreement import RemoteCandidate, RemoteTransport
from .offers.answer import LocalTransport

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 5.0
UFRAG_BYTES = 8

Ending = Literal["client", "never_connected", "dtls_failed"]


class Peer:
    """A path to one sender. ``gather``, then ``connect``; ``close`` in any state.

    ``connected`` is called, on the loop, when media may flow; ``ended`` when the path is no more or will not
    be, once, unless ``close`` came first.
    """

    def __init__(
        self, remote: RemoteTransport, connected: Callable[[], None], ended: Callable[[Ending], None]
    ) -> None:
        self._remote = remote
        self._connected = connected
        self._ended = ended
        # On a port that sessions share it alone tells them apart: aioice's four letters would meet again.
        ufrag = secrets.token_hex(UFRAG_BYTES)
        self._ice = RTCIceTransport(RTCIceGatherer([], local_username=ufrag))
        # The offerer controls, unless it is a lite agent (RFC 8445 section 6.1.1).
        self.connection.ice_controlling = remote.lite
        self.dtls = DtlsTransport(self._ice, remote.dtls_role, remote.fingerprints)
        self.dtls.on("statechange", self._dtls_changed)
        self._gathering: asyncio.Task[None] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def connection(self) -> Connection:
        """ICE itself."""
        return self._ice._connection

    @property
    def has_path(self) -> bool:
        """Whether ICE has found a path to the sender."""
        return self._ice.state == "completed"

    @property
    def checked(self) -> bool:
        """Whether a check of the sender's has come."""
        sockets = self.connection._protocols
        return any(isinstance(each, GuardedProtocol) and each.checked for each in sockets)

    @property
    def missing(self) -> Ending:
        """What keeps the path from coming about."""
        return "dtls_failed" if self.has_path and not self.is_connected else "never_connected"

    @property
    def is_connected(self) -> bool:
        """Whether media may flow."""
        return self.dtls.state == "connected"

    async def gather(self) -> LocalTransport:
        """Open the sockets; returns what the answer says of our end."""
        self._gathering = asyncio.create_task(self._ice.iceGatherer.gather())
        await self._gathering
        candidates: list[Candidate] = self.connection.local_candidates
        return LocalTransport(
            self.connection.local_username,
            self.connection.local_password,
            candidates,
            self.dtls.certificate.fingerprint,
        )

    def connect(self) -> None:
        """Begin to connect; does not wait."""
        self._connecting = asyncio.create_task(self._connect())
        self._connecting.add_done_callback(self._connect_ended)

    def _connect_ended(self, connecting: asyncio.Task[None]) -> None:
        # Nothing of the peer's may leave a session that waits for ever without a word.
        if not connecting.cancelled() and (error := connecting.exception()):
            log.error("connecting to a peer broke off", exc_info=error)
            self._end("never_connected")

    async def _connect(self) -> None:
        for candidate in self._remote.candidates:
            if candidate.protocol == "udp":
                await self._ice.addRemoteCandidate(_ice_candidate(candidate))
        # No end of candidates: ICE goes on to wait for checks from addresses that the offer does not tell.
        await self._ice.start(RTCIceParameters(self._remote.ufrag, self._remote.password, self._remote.lite))
        if self._ice.state != "completed":
            self._end("never_connected")
        else:
            await self.dtls.handshake()

    def _dtls_changed(self) -> None:
        if self.dtls.state == "connected":
            self._connected()
        elif self.dtls.state == "failed":
            self._end("dtls_failed")
        elif self.dtls.state == "closed":
            self._end("client")

    def _end(self, ending: Ending) -> None:
        if not self._closed:
            self._closed = True
            self._ended(ending)

    async def close(self) -> None:
        """Let go of the sockets; waits at most ``CLOSE_TIMEOUT_S``."""
        self._closed = True
        self._stopping = asyncio.create_task(self._stop())
        _, late = await asyncio.wait([self._stopping], timeout=CLOSE_TIMEOUT_S)
        if late:  # it goes on: what is not closed now is closed later
            log.warning("a peer's sockets did not close within %s s", CLOSE_TIMEOUT_S)

    async def _stop(self) -> None:
        if self._gathering is not None:  # it would open sockets behind our back
            await asyncio.wait([self._gathering])
        for each in (self.dtls, self._ice):  # the sockets close also where a goodbye did not get through
            with contextlib.suppress(ConnectionError):
                await each.stop()
        if self._connecting is not None:  # without sockets it ends by itself
            await asyncio.wait([self._connecting])


def _ice_candidate(candidate: RemoteCandidate) -> RTCIceCandidate:
    return RTCIceCandidate(
        component=1,
        foundation=candidate.foundation,
        ip=candidate.address,
        port=candidate.port,
        priority=candidate.priority,
        protocol=candidate.protocol,
        type=candidate.kind,
    )
