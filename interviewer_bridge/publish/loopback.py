"""Host candidates on 127.0.0.1, which aioice leaves out: a publisher beside the daemon needs no network."""

from aioice.candidate import Candidate
from aioice.ice import Connection
from aiortc import RTCPeerConnection

LOOPBACK = "127.0.0.1"


def offer_loopback(peer: RTCPeerConnection, *, alone: bool = False) -> None:
    """Have the peer's connections gather the loopback address too; to be called before the offer is made.

    ``alone``: it and no other.
    """
    for transceiver in peer.getTransceivers():
        _gather_loopback(transceiver.sender.transport.transport._connection, alone)


def _gather_loopback(connection: Connection, alone: bool) -> None:
    gather = connection.get_component_candidates

    async def gather_all(component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:
        return await gather(component, [*(() if alone else addresses), LOOPBACK], timeout)

    connection.get_component_candidates = gather_all  # type: ignore[method-assign]
