"""Attaches to every process that owns an arena, and again whenever one comes back.

An ingest worker, or the api, hands over its memfd and an eventfd, then tells which streams have rings in it.
When its connection ends its streams end with it: what it wrote last may never be finished.
"""

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from argusd.ingest.ipc.channel import Channel, keep_connected
from argusd.ingest.ipc.messages import (
    ArenaOffer,
    Hello,
    ToReader,
    TrackClosed,
    TrackOpened,
    TrackState,
)
from argusd.ingest.shm.arena import ArenaView

from ..contract.media import TrackKind
from ..contract.media_key import MediaKey

log = logging.getLogger(__name__)

CREDENTIALS = struct.Struct("3i")  # ucred: process, user, group (unix(7))


class RingRef(NamedTuple):
    """Where a track's ring lies."""

    view: ArenaView
    kind: TrackKind
    place: int
    generation: int


class RingColumns(NamedTuple):
    """Rings of one arena; ``at``: their places among all that were asked for."""

    view: ArenaView
    at: NDArray[np.intp]
    place: NDArray[np.intp]
    generation: NDArray[np.uint64]


def by_arena(rings: Mapping[int, RingRef]) -> list[RingColumns]:
    """Rings of any arenas by their places, as columns of each arena."""
    if not rings:
        return []
    views, _, places, generations = zip(*rings.values(), strict=True)
    at, place = np.array([*rings], np.intp), np.array(places, np.intp)
    generation = np.array(generations, np.uint64)
    if views.count(views[0]) == len(views):
        return [RingColumns(views[0], at, place, generation)]
    lies_in = {view: np.array([other is view for other in views]) for view in views}
    return [RingColumns(view, at[own], place[own], generation[own]) for view, own in lies_in.items()]


class RingObserver(Protocol):
    """Whoever wants to know which rings exist."""

    def ring_opened(self, media: MediaKey, ring: RingRef) -> None:
        """A track has a ring, or a new one in place of its earlier one."""

    def track_changed(self, state: TrackState, view: ArenaView) -> None:
        """A track of this arena stands otherwise than before, whether it has a ring or not."""

    def ring_closed(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        """A track of this arena ended, whether it had a ring or not."""


class ArenaBorrower(Protocol):
    """Whoever else reads the arenas that are mapped."""

    def mapped(self, view: ArenaView) -> None:
        """An arena is there."""

    def unmapped(self, view: ArenaView) -> object:
        """Its writer is gone. It stays mapped for as long as anybody holds it."""


def writers(runtime_dir: Path, ingest_workers: int) -> list[Path]:
    """The sockets of the processes that own an arena."""
    names = [*(f"ingest-{worker}" for worker in range(ingest_workers)), "api"]
    return [runtime_dir / f"{name}.sock" for name in names]


class ArenaSource:
    """One writer process, as seen by this reader; ``name`` is the reader's own.

    ``awake`` is called when the writer published something, once per ``arm()``: while nobody waits for media
    its wake-ups cost nothing. ``writer``: its process, while it is attached.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        observer: RingObserver,
        awake: Callable[[], None],
        borrower: ArenaBorrower | None = None,
    ) -> None:
        self._path = path
        self._name = name
        self._observer = observer
        self._awake = awake
        self._borrower = borrower
        self._eventfd = -1
        self._armed = False
        self.writer: int | None = None

    async def run(self) -> None:
        """Stay attached for as long as this task lives."""
        await keep_connected(self._path, self._attached)

    def arm(self) -> None:
        """Call ``awake`` at the next publication (or at once, if there was one since the last time)."""
        if self._eventfd >= 0 and not self._armed:
            self._armed = True
            asyncio.get_running_loop().add_reader(self._eventfd, self._woken)

    def _woken(self) -> None:
        os.eventfd_read(self._eventfd)
        self._disarm()
        self._awake()

    def _disarm(self) -> None:
        if self._armed:
            self._armed = False
            asyncio.get_running_loop().remove_reader(self._eventfd)

    async def _attached(self, sock: socket.socket) -> None:
        credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        self.writer = CREDENTIALS.unpack(credentials)[0]
        attachment = _Attachment(self._observer, self._borrower)

        def received(message: ToReader) -> None:
            if isinstance(message, ArenaOffer):
                memfd, self._eventfd = channel.take_fds(2)
                attachment.map(memfd)
                log.info("attached to the arena of %s", message.writer)
                self._awake()
            else:
                attachment.follow(message)

        channel = Channel[ToReader](sock, ToReader, received)
        channel.send(Hello("reader", self._name))
        try:
            await asyncio.wait([channel.closed])
        finally:
            channel.close()
            self.writer = None
            self._detach()
            attachment.end()

    def _detach(self) -> None:
        self._disarm()
        if self._eventfd >= 0:
            os.close(self._eventfd)
            self._eventfd = -1


class _Attachment:
    """One connection's arena and the streams that live in it."""

    def __init__(self, observer: RingObserver, borrower: ArenaBorrower | None) -> None:
        self._observer = observer
        self._borrower = borrower
        self._view: ArenaView | None = None
        self._open: dict[tuple[MediaKey, TrackKind], None] = {}

    def map(self, memfd: int) -> None:
        """Map the arena; the map keeps the memory alive, the descriptor is not needed any more."""
        self._view = ArenaView(memfd)
        os.close(memfd)
        if self._borrower is not None:
            self._borrower.mapped(self._view)

    def follow(self, message: TrackOpened | TrackClosed | TrackState) -> None:
        """Pass a change on to the observer."""
        if self._view is None:
            return
        stream = (message.media, message.kind)
        if isinstance(message, TrackOpened):
            self._open[stream] = None
            ring = RingRef(self._view, message.kind, message.place, message.generation)
            self._observer.ring_opened(message.media, ring)
        elif isinstance(message, TrackState):
            self._open[stream] = None
            self._observer.track_changed(message, self._view)
        elif stream in self._open:
            del self._open[stream]
            self._observer.ring_closed(*stream, self._view)

    def end(self) -> None:
        """The writer is gone, and its streams with it."""
        for media, kind in self._open:
            assert self._view is not None
            self._observer.ring_closed(media, kind, self._view)
        self._open.clear()
        if self._borrower is not None and self._view is not None:
            self._borrower.unmapped(self._view)
