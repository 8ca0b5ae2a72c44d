"""What streams have to tell, on its way to the api: findings are numbered, kept, and sent again."""

import asyncio
import socket
from collections.abc import Callable

import msgspec

from argusd.ingest.errors import ChannelClosed
from argusd.ingest.ipc.channel import Channel

from ..contract.media_key import MediaKey
from ..contract.messages import (
    Finding,
    FindingsAck,
    PolicyApplied,
    SchedulerStats,
    SessionOver,
    Stopped,
    TaskDone,
    TaskFailed,
    ToScheduler,
)
from ..core import Moment, Outcome
from ..sessions.session_stream import SessionStream
from .outbox import Outbox

Incoming = ToScheduler


class Delivery:
    """The connections from the api, and what goes out on them.

    ``boot`` names this process's life. There is one api; while it is replaced two may be connected, and both
    are told everything.
    """

    def __init__(self, boot: str, findings_kept: int, clock: Callable[[], float]) -> None:
        self.boot = boot
        self.outbox = Outbox(findings_kept)
        self._clock = clock
        self._number = 0
        self._channels: set[Channel[Incoming]] = set()
        self._left: set[Channel[Incoming]] = set()
        self._changed = asyncio.Event()

    def connect(
        self, sock: socket.socket, received: Callable[[Incoming], None], stats: SchedulerStats
    ) -> Channel[Incoming]:
        """Take a connection: send who we are, what is not acknowledged, then everything as it comes."""
        channel = Channel[Incoming](sock, ToScheduler, received)
        self._send(channel, stats)
        self._channels.add(channel)
        channel.closed.add_done_callback(lambda _: self._disconnected(channel))
        for finding in self.outbox:
            self._send(channel, finding)
        return channel

    def stopped(self) -> None:
        """Say on all connections that there is nothing more to tell."""
        self.broadcast(Stopped(self.boot, self.outbox.newest))

    def left(self, channel: Channel[Incoming]) -> None:
        """Nothing more is asked on this connection."""
        self._left.add(channel)
        self._changed.set()

    async def all_left(self) -> None:
        """Return when nothing more is asked on any connection."""
        while self._channels - self._left:
            self._changed.clear()
            await self._changed.wait()

    async def arrived(self) -> None:
        """Return when findings are acknowledged and answers taken, or nobody is there for them."""
        while self._channels and len(self.outbox):
            self._changed.clear()
            await self._changed.wait()
        for channel in list(self._channels):
            await channel.sent.wait()

    def close(self) -> None:
        """End all connections."""
        for channel in list(self._channels):
            channel.close()

    def acknowledged(self, ack: FindingsAck) -> None:
        """Forget what is stored; what an earlier process said is not ours to forget."""
        if ack.boot == self.boot:
            self.outbox.acknowledge(ack.number)
            self._changed.set()

    def broadcast(self, message: msgspec.Struct) -> None:
        """Send to every connection; one that does not keep up has been cut off and comes back by itself."""
        for channel in list(self._channels):
            self._send(channel, message)

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:
        """Number an outcome, keep it until it is acknowledged, and send it."""
        self._number += 1
        finding = Finding(
            boot=self.boot,
            number=self._number,
            media=media,
            type=outcome.type,
            stream=stream,
            name=outcome.name,
            state=outcome.state,
            severity=outcome.severity,
            confidence=outcome.confidence,
            captured_at=at.captured_at,
            media_s=round(at.media_s, 3),
            frame_age_ms=round(at.frame_age_ms, 1),
            data=outcome.data,
        )
        self.outbox.put(finding)
        self.broadcast(finding)

    def latest(self, stream: SessionStream, at: Moment) -> None:
        """Send a stream's newest result when it is due; never kept."""
        stream.pass_over(at.skipped)
        now = self._clock()
        if self._channels and stream.due(now):
            self.broadcast(stream.tell(at, now))

    def over(self, channel: Channel[Incoming], request: int) -> None:
        """Tell who ended media that all they had to tell has been told."""
        self._send(channel, SessionOver(request, self.boot, self.outbox.newest))

    def reply(self, channel: Channel[Incoming], answer: PolicyApplied | TaskDone | TaskFailed) -> None:
        """Answer a policy or a task where it came from; if that connection is gone, nobody waits."""
        self._send(channel, answer)

    def _send(self, channel: Channel[Incoming], message: msgspec.Struct) -> None:
        try:
            channel.send(message)
        except ChannelClosed:
            self._disconnected(channel)

    def _disconnected(self, channel: Channel[Incoming]) -> None:
        self._channels.discard(channel)
        self._left.discard(channel)
        self._changed.set()
