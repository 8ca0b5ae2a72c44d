"""Which streams run: joins the rings that ingest opened with the policies that the api sent.

A stream runs while there are a policy that names it and every track that it is fed by: one analyzer, and a
row of demand for each role it wants and some model fills (see ``stream_rows.py``). When any of them goes it
ends, its open violations first.

A stream that fails (its analyzer raised, see ``guarded.py``, or its items cannot be run) ends the same way,
with a session event ``stream_failed``. It does not begin again by itself: only under another policy, or when
a track that feeds it was closed and is opened anew.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Protocol

import msgspec

from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.shm.arena import ArenaView

from ..contract.catalog import STREAMS, StreamName
from ..contract.events import STREAM_FAILED
from ..contract.media import TrackKind
from ..contract.media_key import MediaKey
from ..contract.messages import SessionPolicy
from ..core import AnalyzerFactory, Moment, Outcome
from ..loaded.loaded_model import LoadedModel
from ..media.arena_sources import RingRef
from ..media.moments import NANOSECONDS, WallClock
from ..media.pictures import JpegCache
from ..media.tracks import Track
from ..planning.demand import Demand
from .guarded import GuardedAnalyzer, Silent
from .lost_tracks import MEDIA, LostTracks
from .session_stream import DemandRow, SessionStream
from .stream_rows import StreamRows

TRACK_STALE = "track_stale"
MOST_FAILURES = 3  # of a row's items, one after the other
BLIND_S = 2.0  # without a picture that can be decoded, as without any


class Findings(Protocol):
    """Whoever takes what streams have to tell."""

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:
        """One outcome, to be kept until it is delivered."""

    def latest(self, stream: SessionStream, at: Moment) -> None:
        """The stream has a newer result; its ``latest()`` may be sent on."""


class Sessions:
    """Policies, rings, and the streams made of them.

    ``loaded``: see ``StreamRows``. ``failures``: streams that failed, by name and code.
    """

    def __init__(
        self,
        demand: Demand,
        loaded: list[tuple[str, LoadedModel]],
        factories: Mapping[str, AnalyzerFactory],
        findings: Findings,
        *,
        max_age_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.rows = StreamRows(demand, loaded, max_age_s, clock)
        self.wall = WallClock()
        self.lost = LostTracks(findings.finding, clock, self.wall.offset_s)
        self.failures: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._factories = factories
        self._findings = findings
        self._clock = clock
        self._policies: dict[MediaKey, SessionPolicy] = {}
        self._tracks: dict[tuple[MediaKey, TrackKind], Track] = {}
        self._streams: dict[tuple[MediaKey, str], SessionStream] = {}
        self._failing: dict[tuple[MediaKey, str], str] = {}  # those to be ended, and why
        self._failed: dict[tuple[MediaKey, str], SessionStream] = {}
        self._jpegs = JpegCache()

    @property
    def active(self) -> dict[str, int]:
        """How many run, by stream."""
        names = [name for _, name in self._streams]
        return {name: names.count(name) for name in self._factories}

    @property
    def policies(self) -> frozenset[MediaKey]:
        """Sessions that have a policy."""
        return frozenset(self._policies)

    def set_policy(self, policy: SessionPolicy) -> None:
        """Run a session's streams under this policy from now on.

        What it names no more ends, what it names newly begins, and the rest goes on. The same policy again
        changes nothing: an api that is back asks so, and is told of what is unknown.
        """
        self.end_failed()
        if self._policies.get(policy.media) != policy:
            self._forgive(policy.media, STREAMS)
        self._policies[policy.media] = policy
        self.rows.reweigh(policy.media, policy.policy.weight)
        for stream in self._of(policy.media):
            if stream.analyzer.name not in policy.streams:
                self._end(stream)
        for stream in self._of(policy.media):
            self._apply(stream, policy)
        for stream in self._of(policy.media) + self._failed_of(policy.media):
            if stream.silent:
                self._findings.latest(stream, stream.last)
        self._begin(policy.media)
        self.lost.set_policy(policy)

    def end(self, media: MediaKey) -> None:
        """Forget a session; its open violations end first."""
        for stream in self._of(media):
            self._end(stream)
        self._forgive(media, STREAMS)
        self.lost.end(media)
        self._policies.pop(media, None)

    def ring_opened(self, media: MediaKey, ring: RingRef) -> None:
        """A track has a ring; in place of an earlier one, its streams go on with the new one."""
        track = self._tracks.get((media, ring.kind))
        if track is None:
            self._tracks[media, ring.kind] = Track(media, ring, self._jpegs)
        else:
            track.replace(ring)
            for stream in self._fed_by(media, ring.kind):
                self._restart(stream, track)
        self._begin(media)

    def track_changed(self, state: TrackState, view: ArenaView) -> None:
        """A track is silent, or not any more: its streams know nothing until they look at it again."""
        track = self._tracks.get((state.media, state.kind))
        if state.state == "stale" and track is not None and track.ring.view is view:
            track.interrupt()
            for stream in self._fed_by(state.media, state.kind):
                self._fall_silent(stream, state)
        self.lost.changed(state, view, track.clock if track is not None else None)

    def ring_closed(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        """A track ended. One that another writer has opened meanwhile lives on."""
        self._close(media, kind, view)
        self.lost.closed(media, kind, view)

    def _close(self, media: MediaKey, kind: TrackKind, view: ArenaView) -> None:
        track = self._tracks.get((media, kind))
        if track is None or track.ring.view is not view:
            return
        del self._tracks[media, kind]
        track.close()
        for stream in self._fed_by(media, kind):
            self._end(stream)
        self._forgive(media, (name for name, spec in STREAMS.items() if kind in spec.tracks))

    def end_failed(self) -> None:
        """End the streams that failed since the last time; not to be called from within one of them."""
        for key in tuple(self._failing):
            self._end(self._streams[key])

    def sees_nothing(self, track: Track) -> None:
        """A picture could not be decoded: its writer, who takes them as they come, cannot know."""
        now = self._clock()
        track.blind_since = now if track.blind_since is None else track.blind_since
        kind, since_ns = track.ring.kind, round(track.blind_since * NANOSECONDS)
        if now - track.blind_since >= BLIND_S and not self.lost.stale(track.media, [kind]):
            state = TrackState(track.media, kind, "stale", "undecodable", since_ns)
            self.track_changed(state, track.ring.view)

    def sees(self, track: Track) -> None:
        """A look came back at this track, at which nothing was seen before."""
        kind, since, track.blind_since = track.ring.kind, track.blind_since, None
        assert since is not None
        if any(state.reason == "undecodable" for state in self.lost.stale(track.media, [kind])):
            state = TrackState(track.media, kind, "live", "", round(since * NANOSECONDS))
            self.track_changed(state, track.ring.view)

    def item_failed(self, row: DemandRow, reason: str, *, to_blame: bool) -> None:
        """There is no output for a row's item; its stream is to end where that is its own fault too often."""
        row.feed.forget()
        if to_blame and not row.ended:
            row.failures += 1
            if row.failures >= MOST_FAILURES:
                self._failing.setdefault((row.stream.media, row.stream.analyzer.name), reason)

    def _failed_of(self, media: MediaKey) -> list[SessionStream]:
        return [stream for (session, _), stream in self._failed.items() if session == media]

    def _forgive(self, media: MediaKey, names: Iterable[str]) -> None:
        """Let these streams begin again, should they have failed."""
        for name in names:
            self._failed.pop((media, name), None)

    def _of(self, media: MediaKey) -> list[SessionStream]:
        """The session's streams, in the order in which they end."""
        found = (self._streams.get((media, name)) for name in reversed([*STREAMS]))
        return [stream for stream in found if stream is not None]

    def _fed_by(self, media: MediaKey, kind: TrackKind) -> list[SessionStream]:
        """Those that live on this track."""
        return [stream for stream in self._of(media) if kind in stream.tracks]

    def _fall_silent(self, stream: SessionStream, state: TrackState) -> None:
        """End what is open as of when it was last seen, but not as if it were over: nobody knows."""
        stream.silent[state.kind] = state.reason
        for outcome in stream.analyzer.finish(stream.last):
            data = outcome.data | {"reason": TRACK_STALE}
            told = msgspec.structs.replace(outcome, data=data)
            self._findings.finding(stream.media, stream.analyzer.name, told, stream.last)
        stream.analyzer.forget()
        for row in stream.rows:
            if row.loaded.track == state.kind:
                row.feed.forget()
        since = state.since_ns / NANOSECONDS
        stream.last = Moment(
            media_s=stream.last.media_s,
            captured_at=since + self.wall.offset_s(),
            frame_age_ms=(self._clock() - since) * 1000,
        )
        self._findings.latest(stream, stream.last)

    def _begin(self, media: MediaKey) -> None:
        policy = self._policies.get(media)
        if policy is None:
            return
        for name, spec in STREAMS.items():
            wanted = name in policy.streams and name in self._factories
            wanted = wanted and (media, name) not in self._failed
            there = all((media, kind) in self._tracks for kind in spec.tracks)
            if wanted and there and (media, name) not in self._streams:
                self._add_stream(policy, name, {kind: self._tracks[media, kind] for kind in spec.tracks})

    def _add_stream(self, policy: SessionPolicy, name: StreamName, tracks: Mapping[TrackKind, Track]) -> None:
        failed = partial(self._failing.setdefault, (policy.media, name))
        make = partial(self._factories[name], policy.policy)
        analyzer = GuardedAnalyzer(name, make, failed, policy.media.session_id)
        self.rows.enter(policy.media, policy.policy.weight)
        stream = SessionStream(policy.media, analyzer, tracks)
        stream.every_look = policy.every_look
        self._streams[policy.media, name] = stream
        self.rows.fit(stream, self._of(stream.media))
        for state in self.lost.stale(policy.media, tracks):
            self._fall_silent(stream, state)

    def _apply(self, stream: SessionStream, policy: SessionPolicy) -> None:
        stream.every_look = policy.every_look
        for outcome in stream.analyzer.apply(policy.policy):
            self._findings.finding(stream.media, stream.analyzer.name, outcome, stream.last)
        self.rows.fit(stream, self._of(stream.media))

    def _restart(self, stream: SessionStream, track: Track) -> None:
        stream.analyzer.restart()
        self.rows.follow(stream, track)

    def _end(self, stream: SessionStream) -> None:
        del self._streams[stream.media, stream.analyzer.name]
        for outcome in stream.analyzer.finish(stream.last):
            self._findings.finding(stream.media, stream.analyzer.name, outcome, stream.last)
        self.rows.leave(stream)
        if code := self._failing.get((stream.media, stream.analyzer.name)):
            self._tell_failure(stream, code)

    def _tell_failure(self, stream: SessionStream, code: str) -> None:
        name, now = stream.analyzer.name, self._clock()
        stream.last = Moment(stream.last.media_s, captured_at=now + self.wall.offset_s(), frame_age_ms=0.0)
        data = {"code": code, "stream": name}
        failed = Outcome("session", STREAM_FAILED, "update", 1.0, "critical", data)
        self._findings.finding(stream.media, MEDIA, failed, stream.last)
        stream.silent = dict.fromkeys(stream.tracks, STREAM_FAILED)
        self._findings.latest(stream, stream.last)
        stream.analyzer = Silent(name, {}, stream.latest())  # nothing of what it knew is kept
        self.failures[name][code] += 1
        del self._failing[stream.media, name]
        self._failed[stream.media, name] = stream
