"""What an operator can set for an ingest worker."""

from pathlib import Path

import msgspec

LEAST_PCM_S = 7.5


class IngestConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One worker's settings; ``worker`` is its index, the socket is ``<runtime_dir>/ingest-<worker>.sock``.

    ``ice_addresses`` are the addresses offered as host candidates; empty means every address of the machine
    and 127.0.0.1, so that a publisher on the same host needs no network.
    """

    runtime_dir: Path
    worker: int = 0
    workers: int = 1
    arena_mib: int = 256
    max_sessions: int = 64
    slots: int = 4
    pcm_seconds: float = 8.0
    max_width: int = 1920
    max_height: int = 1088
    stale_s: float = 2.0
    closed_s: float = 10.0
    connect_s: float = 15.0
    ice_addresses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("workers", "arena_mib", "max_sessions", "slots", "max_width", "max_height"):
            if getattr(self, name) < 1:
                raise ValueError(f"ingest.{name} must be at least 1")
        if not 0 <= self.worker < self.workers:
            raise ValueError(f"ingest.worker must lie in 0..{self.workers - 1}")
        if self.slots < 2:
            raise ValueError("ingest.slots must be at least 2: one is written while another is read")
        if self.pcm_seconds < LEAST_PCM_S:
            raise ValueError(
                f"ingest.pcm_seconds must be at least {LEAST_PCM_S}: lip sync hears 6.2 s, a little late"
            )
        if not 0 < self.stale_s < self.closed_s:
            raise ValueError("ingest.stale_s must be positive and below ingest.closed_s")

    @property
    def name(self) -> str:
        """The worker's name in logs, messages and its socket's file name."""
        return f"ingest-{self.worker}"

    @property
    def socket_path(self) -> Path:
        """Where the worker listens."""
        return self.runtime_dir / f"{self.name}.sock"
