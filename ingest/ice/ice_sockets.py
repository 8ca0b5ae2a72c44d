"""The sockets through which senders reach a worker's sessions, and the candidates that tell of them."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from aioice.candidate import Candidate
from aioice.ice import Connection, get_host_addresses

from argusd.scheduler.contract.errors import NoIceCandidate

from ..config import IngestConfig
from ..guard import GuardedProtocol, OnMedia
from ..offers.candidates import advertised, without_base
from .own_sockets import OwnSockets, bind_udp
from .server_candidates import Servers
from .shared_ports import SharedPorts, open_tcp, open_udp

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"


class IceSockets:
    """Opens what a worker's sessions need. ``dropped`` counts, by reason, what came for no session."""

    def __init__(self, config: IngestConfig) -> None:
        self.dropped: Counter[str] = Counter()
        self._config = config
        self._servers = Servers([server.with_credential() for server in config.ice_servers])
        self._own = None if config.ports.shared else OwnSockets(config.ports)
        self._shared: list[SharedPorts] = []
        if config.ports.shared:
            self._shared.append(SharedPorts(partial(open_udp, config.ports.first, self.dropped)))
        if config.tcp_port:
            self._shared.append(SharedPorts(partial(open_tcp, config.own_tcp_port, self.dropped)))

    @property
    def reachable(self) -> bool:
        """Whether there is an address to receive media at."""
        addresses = self._config.ice_addresses
        return not addresses or self._servers.relay or any(is_here(address) for address in addresses)

    async def open(self) -> None:
        """Open what all sessions share, and say where none of them could be reached.

        Raises:
            PortUnavailable: another program uses a configured port, or it is not for us.
        """
        missing = [address for address in self._config.ice_addresses if not is_here(address)]
        if not self.reachable:
            log.error("none of ingest.ice_addresses is on this machine: no session can begin")
        elif missing:
            log.warning("these of ingest.ice_addresses are not on this machine: %s", ", ".join(missing))
        for ports in self._shared:
            await ports.open(self._addresses())

    def close(self) -> None:
        """Close what all sessions share; they have ended before."""
        for ports in self._shared:
            ports.close()

    async def gather(self, connection: Connection, make: Callable[[], GuardedProtocol]) -> list[Candidate]:
        """Open a session's sockets, which its connection closes; returns its candidates.

        Raises:
            NoIceCandidate: there is none.
        """
        addresses = self._addresses()
        protocols = await self._own.protocols(addresses, make) if self._own else []
        for ports in self._shared:
            protocols += await ports.protocols(addresses, make)
        connection._protocols += protocols
        own = [protocol.local_candidate for protocol in protocols]
        elsewhere = await self._servers.candidates(connection, protocols, make)
        known_as = advertised(own, self._config.advertised_addresses)
        if self._config.hide_own_addresses:
            own, elsewhere = [], [without_base(candidate) for candidate in elsewhere]
        candidates = [*known_as, *own, *elsewhere]
        if not candidates:
            raise NoIceCandidate(
                "there is no address to receive media at: ingest.ice_addresses names none of this machine, "
                "or every port of ingest.udp_ports is in use"
            )
        return candidates

    def _addresses(self) -> Sequence[str]:
        return self._config.ice_addresses or host_addresses()


def host_addresses() -> list[str]:
    """Every address of this machine and the loopback one, which aioice leaves out."""
    return [*get_host_addresses(use_ipv4=True, use_ipv6=True), LOOPBACK]


def is_here(address: str) -> bool:
    """Whether this machine has the address."""
    try:
        bind_udp(address, 0, 0).close()
    except OSError:
        return False
    return True


def gather_through(
    connection: Connection,
    sockets: IceSockets,
    on_media: OnMedia,
    dropped: Counter[str],
) -> None:
    """Have the connection gather its candidates here, each socket guarded; ``dropped`` counts by reason."""

    def make() -> GuardedProtocol:
        return GuardedProtocol(connection, on_media, dropped)

    async def gather(**_: object) -> list[Candidate]:
        return await sockets.gather(connection, make)

    connection.get_component_candidates = gather  # type: ignore[method-assign, assignment]
