"""What an ingest worker says and hears on ``ingest-N.sock``.

Two kinds of peer connect: the api (as *controller*: opens and closes sessions) and each scheduler (as
*reader*: maps the arena). The first message tells which: ``Hello``. The worker owns what it holds, so after
``Hello`` it sends everything that is true at that moment (open sessions, open streams), then changes.
"""

from math import inf
from typing import Literal

import msgspec

from argusd.scheduler.contract.media import TrackKind
from argusd.scheduler.contract.media_key import MediaKey

Role = Literal["controller", "reader"]
Place = Literal["free", "of_client", "of_any"]


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Controller or reader → writer, first on every connection. ``name`` is for logs."""

    role: Role
    name: str


class OpenSession(msgspec.Struct, frozen=True, tag="open_session"):
    """Controller → worker: terminate this WHIP offer. Answered by SessionAnswer or SessionRefused.

    With ``replace`` an open session of this id ends first (SessionState ``closed``), unless the offer is
    refused. Commands are carried out in the order they come, so an id alone tells which session is meant.
    ``client``: who sent the offer, to be told apart from others. ``place``: a free one, or that of a session
    whose sender has no path yet (half_open.py), of this client's or of any.
    """

    request: int
    session_id: str
    offer_sdp: str
    replace: bool = False
    client: str = ""
    place: Place = "free"


class CloseSession(msgspec.Struct, frozen=True, tag="close_session"):
    """Controller → worker: end the session if it is there. Answered by SessionState ``closed``."""

    session_id: str


class TracksWanted(msgspec.Struct, frozen=True, tag="tracks_wanted"):
    """Controller → worker: somebody looks at these tracks of a session, and at none of its others.

    The others are received, and neither decoded nor written, until another message wants them: then from the
    next keyframe on, which is asked for. Until the first message all are wanted. Not answered; a no-op for a
    session that is not there.

    ``pictures_hz``: the most pictures a second that anybody looks at; those in between are decoded, and not
    written.
    """

    session_id: str
    kinds: tuple[TrackKind, ...]
    pictures_hz: float = inf


class SessionAnswer(msgspec.Struct, frozen=True, tag="session_answer"):
    """Worker → controller: the answer of ``request``, with all candidates.

    ``kinds`` are the media that are received; ``ice_ufrag`` is the sender's.
    """

    request: int
    answer_sdp: str
    kinds: tuple[TrackKind, ...]
    ice_ufrag: str


class SessionRefused(msgspec.Struct, frozen=True, tag="session_refused"):
    """Worker → controller: ``request`` cannot be served; ``code`` is an error code of DESIGN section 6."""

    request: int
    code: str
    sentence: str


class SessionState(msgspec.Struct, frozen=True, tag="session_state"):
    """Worker → controller: where a session stands; also sent for every open one after Hello.

    ``connecting`` → ``live`` ⇄ ``stale`` (2 s without media) → ``closed`` with a reason:
    ``client`` (BYE or DTLS close), ``deleted`` (CloseSession), ``replaced`` (OpenSession),
    ``silent`` (about 10 s without media), ``never_connected``, ``dtls_failed`` (ICE found a path, but there
    was no DTLS over it; ``detail`` says why), ``shutdown``, ``internal_error`` (ours: the log says more).
    """

    session_id: str
    state: Literal["connecting", "live", "stale", "closed"]
    reason: str = ""
    detail: str = ""


class TrackState(msgspec.Struct, frozen=True, tag="track_state"):
    """Writer → controller and reader: where a track stands; also sent for every one after Hello.

    ``connecting`` → ``live`` ⇄ ``stale``: nothing of it was published for 2 s (a little more for a track that
    is always slow), with a reason: ``ended`` (BYE), ``never_began``, ``no_media`` (no packets), or why all
    that came was dropped: ``frozen`` (one picture over and over), ``frame_too_large``, ``arena_full``,
    ``pixel_format``, ``undecodable``, ``await_keyframe``, ``overload``, ``packet_loss``, ``overlap`` (of
    sound whose time is past). It ends with its session.

    Readers hear ``stale`` again with a newer ``since_ns`` when such a track brought something and then again
    nothing. ``since_ns``: CLOCK_MONOTONIC; of a stale track when it last brought anything.
    """

    media: MediaKey
    kind: TrackKind
    state: Literal["connecting", "live", "stale"]
    reason: str = ""
    since_ns: int = 0


class ArenaOffer(msgspec.Struct, frozen=True, tag="arena"):
    """Writer → reader, once after Hello; brings two descriptors: the arena's memfd, this reader's eventfd."""

    writer: str


class TrackOpened(msgspec.Struct, frozen=True, tag="track_opened"):
    """Writer → reader: a ring of this session's track is (now) at this place, in this generation.

    Sent again for the same media and kind when the geometry changed: it replaces the earlier ring.
    """

    media: MediaKey
    kind: TrackKind
    place: int
    generation: int


class TrackClosed(msgspec.Struct, frozen=True, tag="track_closed"):
    """Writer → reader: the track ended, its ring (if it ever had one) is gone."""

    media: MediaKey
    kind: TrackKind


class Reception(msgspec.Struct, frozen=True):
    """How a track arrived over the last second.

    ``width``, ``height``: of the newest picture, upright; null for sound and before the first picture, and so
    are ``frames_per_second``. ``bits_per_second``: of the media, without headers. ``loss``: the share of the
    packets, 0..1, that did not come or came late; many were then sent again. ``jitter_ms``: RFC 3550 section
    6.4.1. ``has_clock``: a sender report came, so when a picture or a sound was captured is known.
    ``round_trip_ms``: null where the sender does not tell.
    """

    codec: str
    width: int | None
    height: int | None
    frames_per_second: float | None
    bits_per_second: int
    loss: float
    jitter_ms: float
    has_clock: bool
    round_trip_ms: float | None


class TrackCounters(msgspec.Struct, frozen=True):
    """What happened to one track's media since it opened; ``reception`` is null before its first packet."""

    session_id: str
    kind: TrackKind
    frames: int
    dropped: dict[str, int]
    reception: Reception | None = None


class IngestStats(msgspec.Struct, frozen=True, tag="ingest_stats"):
    """Worker → controller, every second: for metrics, placement and the worker's health.

    ``dropped``: by reason, what came to ports that sessions share and was for none of them, since the start.
    ``reachable``: whether there is an address to receive media at. ``arena_fits_more``: for how many more
    ordinary sessions the arena has room. ``half_open``: the sessions whose sender has no path yet.
    """

    sessions: int
    max_sessions: int
    arena_bytes: int
    arena_free_bytes: int
    arena_fits_more: int
    half_open: int
    loop_lag_ms: float
    tracks: list[TrackCounters]
    dropped: dict[str, int] = {}
    reachable: bool = True


Command = OpenSession | CloseSession | TracksWanted
ToWorker = Hello | Command
ToController = SessionAnswer | SessionRefused | SessionState | TrackState | IngestStats
ToReader = ArenaOffer | TrackOpened | TrackClosed | TrackState
