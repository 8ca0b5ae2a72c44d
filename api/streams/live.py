"""Which streams have a WebSocket now, and what their coming and going means for a session."""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from argusd.ingest.errors import ArenaFull
from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.liveness import TrackLiveness
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.errors import (
    ArenaExhausted,
    Draining,
    HeldElsewhere,
    Overloaded,
    ServiceError,
    StreamActive,
    StreamEnded,
)
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest
from argusd.scheduler.contract.streams.spec import StreamSpec

from ..config import ApiConfig
from ..sessions.lifecycle import Lifecycle
from ..sessions.session import Media, Session
from ..sessions.tracks import track_of
from .answers import Answers
from .arena_server import WRITER, ArenaServer
from .hearing import Hearing
from .media import JPEG_ROOM, PCM_ROOM, JpegTrack, PcmTrack

ENDED = {
    "deleted": "The session was ended.",
    "replaced": "A publisher brings the session's media now.",
    HeldElsewhere.code: "Another host holds the session by now.",
}
NO_ROOM = "There is no room for another stream; try again later."
STALE_S = 2.0
ROOMS: Mapping[TrackKind, int] = {"video": JPEG_ROOM, "audio": PCM_ROOM}
IDLE_S = 10.0  # without any media: then a stream gives way to one that finds no room


class StreamSocket:
    """One stream's WebSocket, as the rest of the api sees it.

    ``pictures``, ``sound``: where its media go; ``hearing``: sound that may be encoded. ``ended`` is done
    when somebody wants it closed, and why; ``reason`` is what the session's event says then; ``gone`` is set
    when it is closed. ``principal``: whose it is (``auth.py``).
    """

    def __init__(
        self, session: Session, spec: StreamSpec, rate: int, principal: str, server: ArenaServer
    ) -> None:
        self.session = session
        self.spec = spec
        self.name = spec.name
        self.principal = principal
        self.gone = asyncio.Event()
        self.answers = Answers()
        self.ended: asyncio.Future[ServiceError] = asyncio.get_running_loop().create_future()
        self.reason = "client"
        media = self.media = MediaKey(session.session_id, spec.name)
        self._liveness: dict[TrackKind, TrackLiveness] = {}
        self._opened = time.monotonic()
        self.pictures = JpegTrack(server.arena, lambda ring: server.rings.opened(media, "video", ring))
        self.sound = PcmTrack(server.arena, rate, lambda ring: server.rings.opened(media, "audio", ring))
        self.hearing = Hearing(self.sound, partial(self.end, reason="client"))

    @property
    def idle(self) -> bool:
        """Whether nothing has come since it was opened, a while ago."""
        return not self._liveness and time.monotonic() - self._opened >= IDLE_S

    def reserve(self) -> None:
        """Have room for its tracks, whatever other streams need.

        Raises:
            ArenaExhausted: there is none.
        """
        try:
            for kind in self.spec.tracks:
                (self.pictures if kind == "video" else self.sound).reserve()
        except ArenaFull as error:
            self.close()
            raise ArenaExhausted(NO_ROOM) from error

    def close(self) -> None:
        """Zero and give back its memory."""
        self.pictures.close()
        self.sound.close()

    def began(self) -> None:
        """Media came; from now on silence means something."""
        if not self._liveness:
            now_ns = time.monotonic_ns()
            self._liveness = {kind: TrackLiveness(STALE_S, now_ns) for kind in self.spec.tracks}

    def look(self, now_ns: int) -> Iterator[TrackState]:
        """Those of its tracks that stand otherwise than at the look before."""
        for kind, liveness in self._liveness.items():
            taken = self.pictures.taken if kind == "video" else self.sound.taken
            if liveness.look(now_ns, taken, partial(_why, taken)):
                yield TrackState(self.media, kind, *liveness.standing)

    def end(self, error: ServiceError, reason: str) -> None:
        """Have the WebSocket closed with this error."""
        if not self.ended.done():
            self.ended.set_result(error)
            self.reason = reason


def _why(taken: int) -> str:
    """Why nothing comes: what comes and cannot be used ends the WebSocket."""
    return "no_media" if taken else "never_began"


class StreamSockets:
    """All open WebSocket streams, by the key of their media."""

    def __init__(self, config: ApiConfig, lifecycle: Lifecycle, server: ArenaServer) -> None:
        self._limit = config.max_streams
        self._lifecycle = lifecycle
        self._server = server
        self._streams: dict[MediaKey, StreamSocket] = {}

    def __len__(self) -> int:
        return len(self._streams)

    @property
    def has_room(self) -> bool:
        """Whether shared memory has room for another stream, of pictures and sound."""
        return self._fits(ROOMS)

    def holds(self, session_id: str, name: StreamName) -> bool:
        """Whether the stream has a WebSocket."""
        return MediaKey(session_id, name) in self._streams

    async def make_room(self, session_id: str, spec: StreamSpec, principal: str) -> None:
        """End the stream's older WebSocket: who comes back need not wait until a dead one is noticed.

        Where there is no room for another one, the oldest that nothing came over gives way.

        Raises:
            StreamActive: it is somebody else's.
            Overloaded, ArenaExhausted: there is no room, and none can be made.
        """
        while older := self._streams.get(MediaKey(session_id, spec.name)):
            if older.principal != principal:
                raise StreamActive(f"The session's {spec.name} stream has somebody else's WebSocket.")
            older.end(StreamEnded("Another WebSocket brings this stream's media now."), "replaced")
            await older.gone.wait()
        while not self._fits(spec.tracks) and (idle := self._oldest_idle()):
            idle.end(StreamEnded("Nothing came, and another stream needed the room."), "silent")
            await idle.gone.wait()
        self._check_limit()
        if not self._fits(spec.tracks):
            raise ArenaExhausted(NO_ROOM)
        await self._lifecycle.closings.told(session_id)

    def _oldest_idle(self) -> StreamSocket | None:
        return next((stream for stream in self._streams.values() if stream.idle), None)

    def _check_limit(self) -> None:
        if len(self._streams) >= self._limit:
            raise Overloaded("The daemon holds as many streams as it may; try again later.")

    def _fits(self, kinds: Iterable[TrackKind]) -> bool:
        rooms = [ROOMS[kind] for kind in kinds]
        return len(self._streams) < self._limit and self._server.arena.fits(rooms, most=1) > 0

    @contextlib.contextmanager
    def opened(self, session: Session, spec: StreamSpec, rate: int, principal: str) -> Iterator[StreamSocket]:
        """A stream of the session for the time of the context; then its rings are zeroed and given back.

        To be called where there is room (``make_room``). The session is then the ``principal``'s who brought
        its first stream (see ``Sessions.to_replace``).

        Raises:
            Overloaded: too many streams are open.
            ArenaExhausted: shared memory has no room for another one.
        """
        media = MediaKey(session.session_id, spec.name)
        self._check_limit()
        stream = StreamSocket(session, spec, rate, principal, self._server)
        stream.reserve()
        self._streams[media] = stream
        self._begin(stream)
        try:
            yield stream
        finally:
            del self._streams[media]
            stream.close()
            self._server.rings.closed(media)
            self._end(stream)
            stream.gone.set()

    def media_came(self, stream: StreamSocket) -> None:
        """The stream's media flow; its session is live if it was not."""
        stream.began()
        if stream.session.state == "connecting":
            self._lifecycle.progressed(stream.session, "live", "")

    def check(self, stream: StreamSocket) -> None:
        """Tell whoever needs it which of the stream's tracks fell silent, or are not silent any more."""
        for state in stream.look(time.monotonic_ns()):
            self._server.rings.track_changed(state)
            self._lifecycle.track_changed(stream.session, track_of(state, stream.name))

    def answer(self, latest: Latest) -> None:
        """Pass the result of a look on, if it is that of a stream here."""
        if stream := self._streams.get(latest.media):
            stream.answers.put(latest)

    def end_session(self, session_id: str, reason: str) -> None:
        """Have all streams of a session closed."""
        for stream in tuple(self._streams.values()):
            if stream.session.session_id == session_id:
                stream.end(StreamEnded(ENDED[reason]), reason)

    def end_all(self) -> None:
        """Have all streams closed, because the api is about to end."""
        for stream in self._streams.values():
            stream.end(Draining("The daemon is about to stop; try again in a moment."), "shutdown")

    def _begin(self, stream: StreamSocket) -> None:
        session, sockets = stream.session, (*stream.session.sockets, stream.name)
        if session.sockets:
            self._lifecycle.sockets_changed(session, sockets)
        else:
            media = Media(
                "connecting", WRITER, "", "", stream.spec.tracks, time.time(), sockets, stream.principal
            )
            self._lifecycle.opened(session, media)

    def _end(self, stream: StreamSocket) -> None:
        session = stream.session
        rest = tuple(name for name in session.sockets if name != stream.name)
        if rest:
            self._lifecycle.sockets_changed(session, rest)
        elif session.active:
            self._lifecycle.closed(session, stream.reason)
