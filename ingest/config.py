"""What an operator can set for an ingest worker."""

import ipaddress
from pathlib import Path
from typing import Annotated

import msgspec

from argusd.scheduler.contract.quantities import HIGHEST_PORT, Port, Seconds

from .ice.ice_servers import IceServer
from .ice.ports import Ports, parse_ports
from .offers.bitrate_limits import BitrateLimits

LEAST_PCM_S = 7.5
MOST_KBPS = 1_000_000
Side = Annotated[int, msgspec.Meta(ge=1, le=16_384)]  # as codecs have it
BROADCAST = ipaddress.IPv4Address("255.255.255.255")


class IngestConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of every ingest worker.

    ``ice_addresses`` are the addresses offered as host candidates; empty means every address of the machine
    and 127.0.0.1, so that a publisher on the same host needs no network. ``advertised_addresses`` are offered
    besides, with the same ports: those by which a NAT or a container's host passes media on to us. With
    ``hide_own_addresses`` they are offered alone, and no answer tells how our network is built.
    ``udp_ports``: 0 is a free port for each session, ``40000`` one for all sessions of a worker (each further
    worker takes the next one), ``"40000-40999"`` one of these for each session. ``tcp_port`` is where ICE
    over TCP is taken, 0 for nowhere; each further worker takes the next one. ``ice_servers`` are STUN and
    TURN servers.

    A picture may have as many pixels as ``max_width`` times ``max_height``, upright or not, if two of them
    have room in shared memory (``arena_mib``). Each session's ring has ``slots`` pictures, or fewer where
    there is no room for so many, and sound of ``pcm_seconds``. A worker takes ``max_sessions``. A track that
    brings nothing for ``stale_s`` is stale; a session is closed after ``closed_s`` of silence, or where no
    media came ``connect_s`` after its offer.

    ``start_bitrate_kbps`` is what a sender may begin with, before either end knows what the path carries:
    enough for 720p, and soon taken back where the path is narrower. ``max_bitrate_kbps`` is the most that a
    session's picture may take, 0 for as much as its sender wants (a browser: 2,500).

    ``decode_on_gpu``: pictures are decoded by NVIDIA's decoder (NVDEC) where that is there and takes them.
    """

    runtime_dir: Path
    worker: int = 0  # which of the workers; 0 is the first
    workers: int = 1
    arena_mib: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)] = 256
    max_sessions: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 64
    slots: Annotated[int, msgspec.Meta(ge=2, le=64)] = 4  # one is written while another is read
    pcm_seconds: Seconds = 8.0
    max_width: Side = 3840
    max_height: Side = 2160
    start_bitrate_kbps: Annotated[int, msgspec.Meta(ge=1, le=MOST_KBPS)] = 1000
    max_bitrate_kbps: Annotated[int, msgspec.Meta(ge=0, le=MOST_KBPS)] = 0
    decode_on_gpu: bool = False
    stale_s: Seconds = 2.0
    closed_s: Seconds = 10.0
    connect_s: Seconds = 10.0
    ice_addresses: tuple[str, ...] = ()
    advertised_addresses: tuple[str, ...] = ()
    hide_own_addresses: bool = False
    udp_ports: str | int = 0
    tcp_port: Port = 0
    ice_servers: tuple[IceServer, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.worker < self.workers:
            raise ValueError(f"ingest.worker must lie in 0..{self.workers - 1}")
        if self.pcm_seconds < LEAST_PCM_S:
            raise ValueError(
                f"ingest.pcm_seconds must be at least {LEAST_PCM_S}: lip sync hears 6.2 s, a little late"
            )
        if not 0 < self.stale_s < self.closed_s:
            raise ValueError("ingest.stale_s must be positive and below ingest.closed_s")
        self._check_network()

    def _check_network(self) -> None:
        for name in ("ice_addresses", "advertised_addresses"):
            for address in getattr(self, name):
                if not _is_one_host(address):
                    raise ValueError(
                        f"ingest.{name} must be IP addresses, each of one host, without a zone: not {address}"
                    )
        if self.hide_own_addresses and not (self.advertised_addresses or self.ice_servers):
            raise ValueError("ingest.hide_own_addresses needs advertised_addresses, or ice_servers")
        try:
            ports = parse_ports(self.udp_ports)
        except ValueError as error:
            raise ValueError(f"ingest.udp_ports: {error}") from error
        for name, first in (("udp_ports", ports.first if ports.shared else 0), ("tcp_port", self.tcp_port)):
            if not 0 <= first <= HIGHEST_PORT - (self.workers - 1):
                raise ValueError(
                    f"ingest.{name} must be a port; each of the {self.workers} workers takes the next one, "
                    f"up to {HIGHEST_PORT}"
                )

    @property
    def ports(self) -> Ports:
        """This worker's UDP ports."""
        return parse_ports(self.udp_ports).of_worker(self.worker)

    @property
    def own_tcp_port(self) -> int:
        """This worker's TCP port, 0 for none."""
        return self.tcp_port and self.tcp_port + self.worker

    @property
    def bitrate_limits(self) -> BitrateLimits:
        """What a sender is told to send, in bits per second."""
        return BitrateLimits(1000 * self.start_bitrate_kbps, 1000 * self.max_bitrate_kbps)

    @property
    def name(self) -> str:
        """The worker's name in logs, messages and its socket's file name."""
        return f"ingest-{self.worker}"

    @property
    def socket_path(self) -> Path:
        """Where the worker listens."""
        return self.runtime_dir / f"{self.name}.sock"


def _is_one_host(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not (address.is_unspecified or address.is_multicast or address == BROADCAST)
    # A link-local one says nothing without its zone, which is a matter of one machine.
    shared = address.is_unspecified or address.is_multicast or address.is_link_local
    return not shared and address.scope_id is None and address.ipv4_mapped is None
