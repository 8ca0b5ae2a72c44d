"""All ingest workers, and which of them takes the next session."""

import asyncio
import time
from collections import ChainMap
from collections.abc import Iterator

from argusd.ingest.ipc.messages import Place
from argusd.scheduler.contract.errors import NoIngestWorker

from ..config import ApiConfig
from ..sessions.tracks import Receptions
from .ingest_link import IngestLink, WorkerListener


class Workers:
    """The workers ``ingest-0`` … of the configuration."""

    def __init__(self, config: ApiConfig) -> None:
        names = [f"ingest-{index}" for index in range(config.ingest_workers)]
        self._links = {name: IngestLink(name, config.runtime_dir / f"{name}.sock") for name in names}

    def __iter__(self) -> Iterator[IngestLink]:
        return iter(self._links.values())

    def find(self, name: str) -> IngestLink | None:
        """The worker of this name, if it is configured."""
        return self._links.get(name)

    @property
    def receptions(self) -> Receptions:
        """How the tracks of all sessions arrive."""
        return ChainMap(*(dict(link.receptions) for link in self))

    @property
    def fits_more(self) -> int | None:
        """Publishers that still find room; None while no worker is there."""
        healthy = [link.fits_more for link in self if link.healthy]
        return sum(healthy) if healthy else None

    @property
    def told_at(self) -> float:
        """When the oldest of their newest figures came, in monotonic seconds; now, where there are none."""
        return min((link.told_at for link in self if link.healthy), default=time.monotonic())

    def place(self, affine: str, place: Place = "free") -> IngestLink:
        """The worker of this name, whose session is to be replaced, else the one with the most room.

        Where the session is to have a half-open one's place, one with such (see OpenSession).

        Raises:
            NoIngestWorker: none is up, or all are full.
        """
        link = self._links.get(affine)
        if link is not None and link.healthy:
            return link

        def reluctance(each: IngestLink) -> tuple[bool, bool, bool, float]:
            # One whose figures show no room in shared memory has the last word: they are a second old.
            return each.full, place != "free" and not each.half_open, not each.fits_more, each.load

        link = min(self, key=reluctance, default=None)
        if link is None or link.full:
            raise NoIngestWorker("No ingest worker has room for another session.")
        return link

    async def run(self, listener: WorkerListener) -> None:
        """Stay connected to all of them, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for link in self:
                tasks.create_task(link.run(listener), name=f"link to {link.name}")
