"""Who is watched: joins the rings that ingest opened with the policies that the api sent.

Only where a policy and every track that a stream is fed by are there is a *watch* made: one stream object,
and a row of demand for each role it wants and some model fills. A watch ends when any of them goes; then its
open violations end first. A stream that needs what another one of its session looks at already joins that
one's rows: one look, absorbed by both.

Rows and model slots are used again by other sessions. A row that a batch holds at that moment is given back
when the batch is over, never before, so that nothing of one session reaches another.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from argusd.ingest.ipc.messages import TrackKind, TrackState
from argusd.ingest.shm.arena import HEAD, ArenaView
from argusd.ingest.shm.ring import SAMPLE_RATE, FrameReader

from ..contract.messages import SessionPolicy
from ..contract.policy import Policy
from ..contract.streams import FED_BY, JOINS, StreamName
from ..core import Analyzer, Moment, Outcome
from ..planning.demand import Demand
from ..runtime.arrivals import FALL_BEHIND, Arrivals
from ..runtime.loaded_model import LoadedAudioVisualModel, LoadedModel, LoadedSampleModel, LoadedVisionModel
from .arena_sources import RingRef
from .lost_tracks import LostTracks
from .moments import NANOSECONDS, unix_offset_ns
from .session_stream import DemandRow, SessionStream, Track

AnalyzerFactory = Callable[[Policy], Analyzer]

AUDIO_PRIORITY = 1  # cheap, and lost for good when late
TRACK_STALE = "track_stale"
BLIND_S = 2.0  # without a picture that can be decoded, as without any


class Findings(Protocol):
    """Whoever takes what streams have to tell."""

    def finding(self, session_id: str, stream: str, outcome: Outcome, at: Moment) -> None:
        """One outcome, to be kept until it is delivered."""

    def latest(self, watch: SessionStream, at: Moment) -> None:
        """The watch's stream has a newer result; its ``latest()`` may be sent on."""


class Sessions:
    """Policies, rings, and the watches made of them.

    ``served``: (role, model) by model number, the numbers that ``Demand.model`` holds.
    """

    def __init__(
        self,
        demand: Demand,
        served: list[tuple[str, LoadedModel]],
        factories: Mapping[str, AnalyzerFactory],
        findings: Findings,
        *,
        max_age_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.arrivals = Arrivals(demand)
        self._offset_s = unix_offset_ns() / NANOSECONDS
        self.lost = LostTracks(findings.finding, clock, self._offset_s)
        self.rows: dict[int, DemandRow] = {}
        self._demand = demand
        self._served = served
        self._factories = factories
        self._findings = findings
        self._max_age_s = max_age_s
        self._clock = clock
        self._policies: dict[str, SessionPolicy] = {}
        self._tracks: dict[tuple[str, TrackKind], Track] = {}
        self._watches: dict[tuple[str, str], SessionStream] = {}
        self._shares: dict[str, tuple[int, int]] = {}

    @property
    def active(self) -> dict[str, int]:
        """How many sessions are watched, by stream."""
        streams = [stream for _, stream in self._watches]
        return {stream: streams.count(stream) for stream in self._factories}

    @property
    def policies(self) -> frozenset[str]:
        """Sessions that have a policy."""
        return frozenset(self._policies)

    def set_policy(self, policy: SessionPolicy) -> None:
        """SessionStream a session, or watch it differently from now on.

        The same policy again changes nothing: an api that is back asks so, and is told of what is unknown.
        """
        if self._policies.get(policy.session_id) == policy:
            for watch in self._of(policy.session_id):
                if watch.silent:
                    self._findings.latest(watch, watch.last)
            return
        self._end_all(policy.session_id)
        self._policies[policy.session_id] = policy
        self._begin(policy.session_id)
        self.lost.set_policy(policy)

    def end(self, session_id: str) -> None:
        """Forget a session; its open violations end first."""
        self._end_all(session_id)
        self.lost.end(session_id)
        self._policies.pop(session_id, None)

    def ring_opened(self, session_id: str, ring: RingRef) -> None:
        """A track has a ring; in place of an earlier one, its streams go on with the new one."""
        track = self._tracks.get((session_id, ring.kind))
        if track is None:
            self._tracks[session_id, ring.kind] = Track(session_id, ring)
        else:
            track.replace(ring)
            for watch in self._fed_by(session_id, ring.kind):
                self._restart(watch, track)
        self._begin(session_id)

    def track_changed(self, state: TrackState, view: ArenaView) -> None:
        """A track is silent, or not any more: its streams know nothing until they look at it again."""
        track = self._tracks.get((state.session_id, state.kind))
        if state.state == "stale" and track is not None and track.ring.view is view:
            track.interrupt()
            for watch in self._fed_by(state.session_id, state.kind):
                self._fall_silent(watch, state)
        self.lost.changed(state, view, track.clock if track is not None else None)

    def ring_closed(self, session_id: str, kind: TrackKind, view: ArenaView) -> None:
        """A track ended. One that another writer has opened meanwhile lives on."""
        self._close(session_id, kind, view)
        self.lost.closed(session_id, kind, view)

    def _close(self, session_id: str, kind: TrackKind, view: ArenaView) -> None:
        track = self._tracks.get((session_id, kind))
        if track is None or track.ring.view is not view:
            return
        del self._tracks[session_id, kind]
        for watch in self._fed_by(session_id, kind):
            self._end(watch)

    def sees_nothing(self, track: Track) -> None:
        """A picture could not be decoded: its writer, who takes them as they come, cannot know."""
        now = self._clock()
        track.blind_since = now if track.blind_since is None else track.blind_since
        kind, since_ns = track.ring.kind, round(track.blind_since * NANOSECONDS)
        if now - track.blind_since >= BLIND_S and not self.lost.stale(track.session_id, [kind]):
            state = TrackState(track.session_id, kind, "stale", "undecodable", since_ns)
            self.track_changed(state, track.ring.view)

    def sees(self, track: Track) -> None:
        """A look at this track came back."""
        if track.blind_since is None:
            return
        kind, since, track.blind_since = track.ring.kind, track.blind_since, None
        if any(state.reason == "undecodable" for state in self.lost.stale(track.session_id, [kind])):
            state = TrackState(track.session_id, kind, "live", "", round(since * NANOSECONDS))
            self.track_changed(state, track.ring.view)

    def row_is_over(self, index: int) -> None:
        """The batch that held this row came back; give the row back if its watch ended meanwhile."""
        if self.rows[index].watch.ended:
            self._drop_row(self.rows[index])

    def _of(self, session_id: str) -> list[SessionStream]:
        """The session's watches, those that joined others' rows first."""
        found = (self._watches.get((session_id, name)) for name in reversed(FED_BY))
        return [watch for watch in found if watch is not None]

    def _fed_by(self, session_id: str, kind: TrackKind) -> list[SessionStream]:
        """Those that live on this track."""
        return [watch for watch in self._of(session_id) if kind in watch.tracks]

    def _fall_silent(self, watch: SessionStream, state: TrackState) -> None:
        """End what is open as of when it was last seen, but not as if it were over: nobody knows."""
        watch.silent[state.kind] = state.reason
        for outcome in watch.stream.finish(watch.last):
            data = outcome.data | {"reason": TRACK_STALE}
            told = msgspec.structs.replace(outcome, data=data)
            self._findings.finding(watch.session_id, watch.stream.name, told, watch.last)
        watch.stream.forget()
        for row in watch.rows:
            row.fresh = True
        since = state.since_ns / NANOSECONDS
        watch.last = Moment(
            media_s=watch.last.media_s,
            captured_at=since + self._offset_s,
            frame_age_ms=(self._clock() - since) * 1000,
        )
        self._findings.latest(watch, watch.last)

    def _begin(self, session_id: str) -> None:
        policy = self._policies.get(session_id)
        if policy is None:
            return
        for name, kinds in FED_BY.items():
            wanted = name in policy.streams and name in self._factories
            there = all((session_id, kind) in self._tracks for kind in kinds)
            if wanted and there and (session_id, name) not in self._watches:
                self._watch(policy, name, {kind: self._tracks[session_id, kind] for kind in kinds})

    def _watch(self, policy: SessionPolicy, name: StreamName, tracks: Mapping[TrackKind, Track]) -> None:
        stream = self._factories[name](policy.policy)
        share = self._join(policy.session_id, policy.policy.weight)
        watch = SessionStream(policy.session_id, stream, tracks, share)
        watch.every_look = policy.every_look
        self._watches[policy.session_id, name] = watch
        lent = self._lent(policy.session_id, name)
        for model, (role, served) in enumerate(self._served):
            if role not in stream.rates:
                continue
            watch.models[role] = served.name
            if role in lent:
                self._join_row(watch, lent[role])
            else:
                self._join(policy.session_id, policy.policy.weight)
                self._add_row(watch, role, model, served)
        for state in self.lost.stale(policy.session_id, tracks):
            self._fall_silent(watch, state)

    def _lent(self, session_id: str, name: StreamName) -> dict[str, DemandRow]:
        """The rows that a stream may join, by role."""
        lenders = (self._watches.get((session_id, lender)) for lender in JOINS.get(name, ()))
        return {row.role: row for lender in lenders if lender is not None for row in lender.rows}

    def _join_row(self, watch: SessionStream, row: DemandRow) -> None:
        row.watches.append(watch)
        watch.joined.append(row)
        self._demand.period[row.index] = row.period

    def _add_row(self, watch: SessionStream, role: str, model: int, served: LoadedModel) -> None:
        audio = isinstance(served, LoadedSampleModel)
        index = self._demand.add_stream(
            watch.share,
            model,
            period=1.0 / watch.stream.rates[role],
            max_age=self._max_age_s + (FALL_BEHIND / SAMPLE_RATE if audio else 0.0),
            due=self._clock(),
            priority=AUDIO_PRIORITY if audio and not isinstance(served, LoadedAudioVisualModel) else 0,
        )
        row = DemandRow(index, watch, role, served, watch.tracks["audio" if audio else "video"])
        self.rows[index] = row
        if isinstance(served, LoadedSampleModel):
            row.slot = served.take_slot()
        watch.rows.append(row)
        self._feed(row)

    def _feed(self, row: DemandRow) -> None:
        """Read the track's ring from its beginning, or from its newest second if it is older."""
        ring = row.track.ring
        if isinstance(row.served, LoadedVisionModel):
            row.read(FrameReader(ring.view, ring.row, ring.generation))
            self._demand.seen[row.index] = 0
            self.arrivals.follow(row.index, ring)
        elif isinstance(row.served, LoadedSampleModel):
            row.fresh = True
            head = int(ring.view.table[ring.row, HEAD])
            self._demand.seen[row.index] = max(0, head - FALL_BEHIND)
            self.arrivals.follow(row.index, ring, row.served.window)

    def _restart(self, watch: SessionStream, track: Track) -> None:
        watch.stream.restart()
        for row in watch.rows:
            if row.track is track:
                self._feed(row)

    def _end_all(self, session_id: str) -> None:
        for watch in self._of(session_id):
            self._end(watch)

    def _end(self, watch: SessionStream) -> None:
        del self._watches[watch.session_id, watch.stream.name]
        watch.ended = True
        for outcome in watch.stream.finish(watch.last):
            self._findings.finding(watch.session_id, watch.stream.name, outcome, watch.last)
        for row in watch.joined:
            row.watches.remove(watch)
            self._demand.period[row.index] = row.period
        for row in watch.rows:
            if not self._demand.busy[row.index]:
                self._drop_row(row)
            else:
                self._demand.active[row.index] = False
        self._leave(watch.session_id)

    def _drop_row(self, row: DemandRow) -> None:
        if isinstance(row.served, LoadedSampleModel):
            row.served.give_back_slot(row.slot)
        self.arrivals.forget(row.index)
        self._demand.remove(row.index)
        del self.rows[row.index]
        self._leave(row.watch.session_id)

    def _join(self, session_id: str, weight: float) -> int:
        """The session's share; it is held by each of its watches and rows."""
        share, holders = self._shares.get(session_id) or (self._demand.shares.join(weight), 0)
        self._shares[session_id] = (share, holders + 1)
        self._demand.shares.weight[share] = weight
        return share

    def _leave(self, session_id: str) -> None:
        share, holders = self._shares[session_id]
        if holders > 1:
            self._shares[session_id] = (share, holders - 1)
        else:
            del self._shares[session_id]
            self._demand.shares.leave(share)
