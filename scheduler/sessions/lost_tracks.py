"""Tracks that bring nothing: the violations ``video_lost`` and ``audio_lost``.

Their writer judges that (``ingest.liveness``) and tells; here it becomes a violation of the sessions whose
streams need the track. What holds it back is its policy, like every other violation's. It dates from the last
picture or sound, on the media's clock as if that had gone on.
"""

from collections.abc import Callable, Iterable

from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.shm.arena import ArenaView

from ..contract.catalog import feeds
from ..contract.media import TrackKind
from ..contract.media_key import MediaKey
from ..contract.messages import SessionPolicy
from ..contract.policy import Hold
from ..core import Moment, Outcome
from ..media.moments import NANOSECONDS, MediaClock
from ..rules import Rule

KINDS: tuple[TrackKind, ...] = ("video", "audio")
NOT_OFFERED = "not_offered"
MEDIA = "media"  # the stream that these violations, like session events, belong to

Key = tuple[MediaKey, TrackKind]
Tell = Callable[[MediaKey, str, Outcome, Moment], None]


class _Track:
    """Where a track stands, and the rule about it while that is stale, or its violation is not over yet.

    ``view``: the arena of its writer; None for a track that nobody offers.
    """

    def __init__(self, state: TrackState, view: ArenaView | None) -> None:
        self.state = state
        self.view = view
        self.clock = MediaClock(1)
        self.clock.seconds(0, state.since_ns / NANOSECONDS)
        self.rule: Rule | None = None

    @property
    def stale(self) -> bool:
        return self.state.state == "stale"


class LostTracks:
    """All tracks that were heard of. ``tell`` takes what is found: whose media, stream, outcome, moment.

    ``clock`` tells monotonic seconds; ``offset_s`` what makes unix seconds of them.
    """

    def __init__(self, tell: Tell, clock: Callable[[], float], offset_s: Callable[[], float]) -> None:
        self._tell = tell
        self._clock = clock
        self._offset_s = offset_s
        self._tracks: dict[Key, _Track] = {}
        self._policies: dict[MediaKey, SessionPolicy] = {}
        self._ruled: set[Key] = set()

    def stale(self, media: MediaKey, kinds: Iterable[TrackKind]) -> list[TrackState]:
        """Which of a session's tracks are stale."""
        found = (self._tracks.get((media, kind)) for kind in kinds)
        return [track.state for track in found if track is not None and track.stale]

    def set_policy(self, policy: SessionPolicy) -> None:
        """Judge a session's tracks by this from now on; what is open and still wanted goes on."""
        self._policies[policy.media] = policy
        for kind in KINDS:
            key = policy.media, kind
            self._expect(key, policy.kinds is None or kind in policy.kinds)
            self._retune(key)
            self._judge(key)

    def end(self, media: MediaKey) -> None:
        """Judge a session's tracks no more; what is open ends."""
        self._policies.pop(media, None)
        for key in [key for key in self._ruled if key[0] == media]:
            self._end_rule(key)
        for kind in KINDS:
            track = self._tracks.get((media, kind))
            if track is not None and track.view is None:
                del self._tracks[media, kind]

    def changed(self, state: TrackState, view: ArenaView, clock: MediaClock | None) -> None:
        """A track stands otherwise than before; ``clock`` is its media's, once there are any."""
        key = state.media, state.kind
        track = self._tracks.setdefault(key, _Track(state, view))
        track.state, track.view = state, view
        if clock is not None and track.rule is None:
            track.clock = clock
        self._judge(key)

    def closed(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        """A track of this arena is over."""
        track = self._tracks.get((media, kind))
        if track is not None and track.view is view:
            self._end_rule((media, kind))
            del self._tracks[media, kind]

    def look(self) -> None:
        """Let rules notice what time does; costs nothing while no track is stale."""
        for key in tuple(self._ruled):
            self._judge(key)

    def _expect(self, key: Key, offered: bool) -> None:
        """Take note of whether the publisher offers this track."""
        track = self._tracks.get(key)
        if offered and track is not None and track.view is None:
            self._end_rule(key)
            del self._tracks[key]
        elif not offered and (track is None or track.view is not None):
            never = TrackState(*key, "stale", NOT_OFFERED, round(self._clock() * NANOSECONDS))
            track = self._tracks.setdefault(key, _Track(never, None))
            track.state, track.view = never, None

    def _retune(self, key: Key) -> None:
        """Have the rule about this track, if there is one, go by its session's policy."""
        track = self._tracks.get(key)
        if track is None or track.rule is None:
            return
        hold = self._hold(key)
        if hold is None:
            self._end_rule(key)
        else:
            track.rule.retune(hold)

    def _judge(self, key: Key) -> None:
        track = self._tracks.get(key)
        if track is None:
            return
        if track.rule is None and track.stale:
            hold = self._hold(key)
            if hold is not None:
                track.rule = Rule(f"{key[1]}_lost", hold, "critical", measured=False)
                self._ruled.add(key)
                self._feed(key, track, track.rule, track.state.since_ns / NANOSECONDS)
        if track.rule is not None:
            self._feed(key, track, track.rule, self._clock())
            if not track.stale and not track.rule.open:
                self._end_rule(key)

    def _hold(self, key: Key) -> Hold | None:
        """What holds the violation about this track back; None: nobody wants to know of it."""
        media, kind = key
        policy = self._policies.get(media)
        if policy is None or not feeds(kind, policy.streams):
            return None
        hold = policy.policy.video_lost if kind == "video" else policy.policy.audio_lost
        return hold if hold.enabled else None

    def _feed(self, key: Key, track: _Track, rule: Rule, now: float) -> None:
        data = {"kind": track.state.kind, "reason": track.state.reason}
        self._told(key, track, rule.feed(track.stale, 1.0, track.clock.at(now), data))

    def _end_rule(self, key: Key) -> None:
        track = self._tracks[key]
        self._ruled.discard(key)
        rule, track.rule = track.rule, None
        self._told(key, track, rule.close() if rule is not None else [])

    def _told(self, key: Key, track: _Track, outcomes: Iterable[Outcome]) -> None:
        now = self._clock()
        at = Moment(media_s=track.clock.at(now), captured_at=now + self._offset_s(), frame_age_ms=0.0)
        for outcome in outcomes:
            self._tell(key[0], MEDIA, outcome, at)
