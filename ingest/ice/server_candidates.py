"""Candidates that STUN and TURN servers give us: how the world sees our sockets, and a relay's address."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

from aioice import turn
from aioice.candidate import Candidate
from aioice.ice import Connection, relayed_candidate, server_reflexive_candidate
from aioice.stun import TransactionError
from aiortc.rtcicetransport import parse_stun_turn_uri

from ..guard import GuardedProtocol
from ..offers.candidates import COMPONENT
from .ice_servers import IceServer

log = logging.getLogger(__name__)

# aioice renews a relay's channels by the wall clock: set back by an hour, it would let them run out.
cast(Any, turn).time = SimpleNamespace(time=time.monotonic)

# A sender waits this long for its answer where a server does not reply.
ANSWER_WITHIN_S = 2.0
UNANSWERED = (OSError, TransactionError, asyncio.CancelledError)


class Servers:
    """The first STUN and the first TURN server of those configured, asked for each session.

    aioice knows neither STUN over TLS nor TURN over DTLS: such servers are for clients alone.
    """

    def __init__(self, servers: Sequence[IceServer]) -> None:
        self._stun: tuple[str, int] | None = None
        self._turn: tuple[IceServer, dict[str, Any]] | None = None
        for server in servers:
            for url in server.urls:
                self._take(server, parse_stun_turn_uri(url))

    def _take(self, server: IceServer, uri: dict[str, Any]) -> None:
        if uri["scheme"] == "stun":
            self._stun = self._stun or (uri["host"], uri["port"])
        elif self._turn is None and (uri["scheme"] == "turn" or uri.get("transport") == "tcp"):
            self._turn = server, uri

    @property
    def relay(self) -> bool:
        """Whether there is a TURN server."""
        return self._turn is not None

    async def candidates(
        self,
        connection: Connection,
        protocols: Sequence[GuardedProtocol],
        make: Callable[[], GuardedProtocol],
    ) -> list[Candidate]:
        """What they answer for a session with these sockets, in time; a relay's socket joins them."""
        questions: list[asyncio.Task[list[Candidate]]] = []
        if self._stun is not None:
            questions.append(asyncio.create_task(_reflexive(protocols, self._stun)))
        if self._turn is not None:
            questions.append(asyncio.create_task(_relayed(connection, make, *self._turn)))
        if not questions:
            return []
        await asyncio.wait(questions, timeout=ANSWER_WITHIN_S)
        for question in questions:
            question.cancel()  # those that are done do not notice
        candidates: list[Candidate] = []
        for answer in await asyncio.gather(*questions, return_exceptions=True):
            if isinstance(answer, UNANSWERED):
                log.warning("a STUN or TURN server gives no candidate: %s", str(answer) or "it is silent")
            elif isinstance(answer, BaseException):
                raise answer
            else:
                candidates += answer
        return candidates


async def _reflexive(protocols: Sequence[GuardedProtocol], server: tuple[str, int]) -> list[Candidate]:
    found = await asyncio.get_running_loop().getaddrinfo(*server, family=socket.AF_INET)
    host = str(found[0][4][0])
    source = source_address(host)
    for protocol in protocols:
        local = protocol.local_candidate
        # Another socket's question would leave with an address that no answer finds its way back to.
        if local.transport == "udp" and local.host == source:
            candidate, _ = await server_reflexive_candidate(protocol, (host, server[1]))
            redundant = (candidate.host, candidate.port) == (local.host, local.port)
            return [] if redundant else [candidate]
    return []


async def _relayed(
    connection: Connection, make: Callable[[], GuardedProtocol], server: IceServer, uri: dict[str, Any]
) -> list[Candidate]:
    server = server.at(time.time())
    candidate, protocol = await relayed_candidate(
        component=COMPONENT,
        hide_related_address=False,
        protocol_factory=make,
        turn_server=(uri["host"], uri["port"]),
        turn_username=server.username,
        turn_password=server.credential,
        turn_ssl=uri["scheme"] == "turns",
        turn_transport=uri["transport"],
    )
    connection._protocols.append(protocol)
    return [candidate]


def source_address(host: str) -> str:
    """The address of ours from which packets to this host go out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))  # sends nothing
        return str(probe.getsockname()[0])
