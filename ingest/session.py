"""One WHIP session: an offer answered, its media received, its end noticed."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from argusd.scheduler.contract.errors import SessionEnded
from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey

from .audio import AudioReceiver
from .config import IngestConfig
from .decoding.decoder import VideoDecoder
from .decoding.picture_limit import LEAST_SLOTS, PictureLimit, ordinary_bytes
from .errors import ArenaFull
from .half_open import HalfOpen
from .ice.ice_sockets import IceSockets, gather_through
from .ipc.messages import TrackCounters, TrackState
from .liveness import Standing, TrackLiveness, standing
from .offers.agreement import Agreement
from .offers.answer import write_answer
from .offers.capabilities import ABS_SEND_TIME, REPAIRED_RID, RID, VIDEO_ORIENTATION
from .offers.offered_tracks import Track
from .peer import Ending, Peer
from .rtp.bandwidth import BandwidthEstimator
from .rtp.feedback import Feedback
from .rtp.gate import KeyframeGate
from .rtp.layers import Retransmissions
from .shm.arena import Arena, Room
from .shm.ring import frame_ring_bytes, pcm_ring_bytes
from .shm.sink import FrameSink, PcmSink, Ring
from .transport import MediaTransport, RtcpSender
from .video import VideoReceiver

log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What an accepted offer is answered: all candidates are in ``sdp``. ``ice_ufrag`` is the sender's."""

    sdp: str
    kinds: list[TrackKind]
    ice_ufrag: str


class Observer(Protocol):
    """Who wants to know of a session; all calls come on the loop."""

    def track_opened(self, session_id: str, kind: TrackKind, ring: Ring) -> None:
        """A track has a ring now, or another one than before."""

    def track_changed(self, state: TrackState) -> None:
        """A track stands otherwise than before."""

    def standing_changed(self, session_id: str, standing: Standing) -> None:
        """The session's state is another one now."""


def track_rooms(config: IngestConfig) -> Mapping[TrackKind, int]:
    """What is reserved of shared memory for a track of each kind, in bytes."""
    return {
        "video": frame_ring_bytes(LEAST_SLOTS, ordinary_bytes(config)),
        "audio": pcm_ring_bytes(config.pcm_seconds),
    }


class Session:
    """A path to a sender and what it feeds.

    ``answer`` once, ``check`` often, ``close`` once. Every ring is zeroed and given back when ``close``
    returns; for the sockets, which take a little longer, there is ``closed``. ``limit``: of its pictures;
    ``client``: who sent the offer.

    Raises:
        ArenaFull: shared memory has no room for its tracks.
    """

    def __init__(
        self,
        session_id: str,
        agreement: Agreement,
        limit: PictureLimit,
        config: IngestConfig,
        arena: Arena,
        sockets: IceSockets,
        observer: Observer,
        client: str = "",
    ) -> None:
        self.session_id = session_id
        self.client = client
        self.standing = Standing("connecting")
        self._config = config
        self._sockets = sockets
        self._observer = observer
        self._loop = asyncio.get_running_loop()
        self._opened_ns = time.monotonic_ns()
        self._peer: Peer | None = None
        self._frames = FrameSink(arena, config.slots, self._video_opened)
        self._pcm = PcmSink(arena, config.pcm_seconds, self._audio_opened)
        self._agreement = agreement
        self._limit = limit
        self._decoder = VideoDecoder(
            limit.coded_pixels, self._frames, self._decoder_failed, on_gpu=config.decode_on_gpu
        )
        self.tracks: list[Track] = []
        self._media: MediaTransport | None = None
        self._dropped: Counter[str] = Counter()
        self._closing: asyncio.Task[None] | None = None
        self._reserve(agreement.kinds)

    @property
    def half_open(self) -> HalfOpen | None:
        """What holds a place and has no path to its sender; None once it has one."""
        peer, age_s = self._peer, (time.monotonic_ns() - self._opened_ns) / 1e9
        if peer is not None and peer.has_path:
            return None
        return HalfOpen(self.session_id, self.client, age_s, peer is not None and peer.checked)

    @property
    def rooms(self) -> list[Room]:
        """Its parts of shared memory."""
        return [self._frames.room, self._pcm.room]

    def _reserve(self, kinds: Collection[TrackKind]) -> None:
        sinks: Mapping[TrackKind, FrameSink | PcmSink] = {"video": self._frames, "audio": self._pcm}
        rooms = track_rooms(self._config)
        try:
            for kind in kinds:
                sinks[kind].reserve(rooms[kind])
        except ArenaFull:
            self._frames.close()
            self._pcm.close()
            raise

    async def answer(self) -> Answer:
        """Answer the offer.

        Raises:
            NoIceCandidate: there is no candidate to answer it with.
            SessionEnded: the session was ended meanwhile.
        """
        agreement = self._agreement
        peer = self._peer = Peer(agreement.transport, self._peer_connected, self._peer_ended)
        media = self._media = self._build(peer, agreement)
        gather_through(peer.connection, self._sockets, media.receive, self._dropped)
        local = await peer.gather()
        if self._closing is not None:
            raise SessionEnded("the session was ended while its offer was being answered")
        peer.connect()
        answer_sdp = write_answer(agreement, local, random.getrandbits(62), self._config.bitrate_limits)
        return Answer(answer_sdp, agreement.kinds, agreement.transport.ufrag)

    def _build(self, peer: Peer, agreement: Agreement) -> MediaTransport:
        feedback = Feedback(random.getrandbits(32), RtcpSender(peer.dtls).send)
        gate = KeyframeGate(self._limit)
        orientation, rid, repaired_rid = (
            agreement.extension("video", uri) for uri in (VIDEO_ORIENTATION, RID, REPAIRED_RID)
        )
        layers, estimator = agreement.layers, self._estimator(agreement)
        video = VideoReceiver(self._decoder, gate, feedback, estimator, orientation, layers.number)
        audio = AudioReceiver(self._pcm)
        self.tracks = [self._track(kind, video if kind == "video" else audio) for kind in agreement.kinds]
        return MediaTransport(
            peer.dtls,
            agreement.payloads,
            video,
            audio,
            feedback,
            self._dropped,
            agreement.transport_cc,
            Retransmissions(layers, rid, repaired_rid),
        )

    def _estimator(self, agreement: Agreement) -> BandwidthEstimator | None:
        # Who is told of arrivals estimates for himself, and better: he knows what he sent, and probes.
        abs_send_time = agreement.extension("video", ABS_SEND_TIME)
        if agreement.transport_cc or not abs_send_time:
            return None
        return BandwidthEstimator(abs_send_time, self._config.bitrate_limits)

    def _track(self, kind: TrackKind, receiver: VideoReceiver | AudioReceiver) -> Track:
        return Track(
            MediaKey(self.session_id), kind, receiver, TrackLiveness(self._config.stale_s, self._opened_ns)
        )

    def check(self, now_ns: int) -> None:
        """Notice silence and goodbyes; to be called a few times a second."""
        if self._closing is not None:
            return
        last_media_ns = self._media.last_media_ns if self._media is not None else 0
        patience_s = max((track.patience_s for track in self.tracks), default=0.0)
        now = standing(self._config, self._opened_ns, last_media_ns, now_ns, patience_s)
        if self._media is not None and self._media.said_bye(now_ns):
            now = Standing("closed", "client")
        if now.reason == "never_connected" and self._peer is not None:
            self._peer_ended(self._peer.missing)
            return
        if now.state == "closed":
            self.close(now.reason)
            return
        if self._media is not None:
            self._media.video.show_newest(now_ns)
        if self._peer is not None and self._peer.is_connected:
            self._check_tracks(now_ns)
        if now != self.standing:
            self.standing = now
            self._observer.standing_changed(self.session_id, now)

    def _check_tracks(self, now_ns: int) -> None:
        for track in self.tracks:
            if track.look(now_ns):
                self._observer.track_changed(track.state)

    def want(self, kinds: Collection[TrackKind], pictures_hz: float) -> None:
        """Decode these tracks, the picture's for who looks at it so often; the others are only received."""
        now_ns = time.monotonic_ns()
        self._decoder.thin(pictures_hz)
        for track in self.tracks:
            track.receiver.want(track.kind in kinds, now_ns)

    def report(self) -> None:
        """Tell the sender what arrived; to be called about once a second."""
        if self._media is not None:
            self._media.report()

    def counters(self) -> list[TrackCounters]:
        """What became of each track's media, to be asked about once a second.

        What is dropped before it has a track counts with the first.
        """
        now_ns, counters = time.monotonic_ns(), []
        round_trip_s = self._media.round_trip_s if self._media is not None else None
        for index, track in enumerate(self.tracks):
            dropped = track.receiver.dropped + (self._dropped if index == 0 else Counter())
            reception = track.reception(round_trip_s, now_ns)
            frames = track.receiver.frames
            counters.append(TrackCounters(self.session_id, track.kind, frames, dict(dropped), reception))
        return counters

    def close(self, reason: str, detail: str = "") -> None:
        """End the session: never blocks, and from here on nothing of it is in shared memory."""
        if self._closing is not None:
            return
        self._closing = asyncio.ensure_future(self._close_peer())
        if self._media is not None:
            self._media.close()
        self._decoder.close()
        self._frames.close()
        self._pcm.close()
        self.standing = Standing("closed", reason, detail)
        self._observer.standing_changed(self.session_id, self.standing)

    async def closed(self) -> None:
        """Wait until the sockets are let go of; ``close`` comes first."""
        if self._closing is not None:
            await self._closing

    async def _close_peer(self) -> None:
        if self._peer is not None:
            await self._peer.close()

    def _peer_connected(self) -> None:
        for track in self.tracks:
            track.connected(time.monotonic_ns())

    def _peer_ended(self, ending: Ending) -> None:
        detail = self._peer.dtls.failure if ending == "dtls_failed" and self._peer is not None else ""
        if detail:
            log.warning("the session ends, its DTLS failed: %s", detail)
        self.close(ending, detail)

    def _decoder_failed(self) -> None:
        if self._media is not None:
            self._loop.call_soon_threadsafe(self._media.video.decoder_failed)

    def _video_opened(self, ring: Ring) -> None:
        # In the decoder's thread.
        self._loop.call_soon_threadsafe(self._opened, "video", ring)

    def _audio_opened(self, ring: Ring) -> None:
        self._opened("audio", ring)

    def _opened(self, kind: TrackKind, ring: Ring) -> None:
        if self._closing is None:
            self._observer.track_opened(self.session_id, kind, ring)
