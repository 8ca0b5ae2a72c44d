"""The loop: receive → plan → prepare → run → decode → absorb.

Receiving, planning and absorbing happen on the event loop and take turns; preparing, running and decoding
happen in a lane's thread. While lanes work the next batches are planned, so batch sizes follow the load by
themselves: what became ready while a batch ran goes into the next one.
"""

import asyncio
import logging
import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import AudioVisualAnalyzer, LibraryModel, Moment
from ..errors import EXIT_DEVICE_LOST, DeviceLost
from ..planning.batcher import Batch, plan
from ..planning.demand import Demand, Rows
from ..planning.overload import RateControl
from ..report.meters import Meters
from ..sessions.arena_sources import ArenaSource
from ..sessions.moments import captured_s, unix_offset_ns
from ..sessions.session_stream import DemandRow
from ..sessions.sessions import AnalyzerFactory, Findings, Sessions
from .executor import Executor
from .in_flight import InFlightBatch, Moments, StreamItem, frame_moments, landed, sound_moments
from .isolation import isolated
from .loaded_model import (
    BAD_IMAGE,
    Clip,
    Done,
    Dropped,
    Listen,
    LoadedAudioVisualModel,
    LoadedModel,
    LoadedSampleModel,
    LoadedVisionModel,
    Look,
)
from .pending import PendingItem, PendingItems

log = logging.getLogger(__name__)

GRID_S = 0.032  # rows of call-bound models fall due together, on multiples of a Silero window
GATHERING_S = 0.002
LONGEST_TICK_S = 0.5
NEVER_LATE_S = 0.1  # lanes finish what they began: looks at every frame wait for that, and it is no overload
WARNING_INTERVAL_S = 5.0
NONE: Mapping[str, Any] = MappingProxyType({})


class Scheduler:
    """Everything between the arenas and the findings.

    ``served``: (role, model) pairs; a role without a model is simply not served.
    ``factories``: stream name to the class of its streams. ``missing``, ``whole``: see ``PendingItems``.
    """

    def __init__(
        self,
        served: Sequence[tuple[str, LoadedModel]],
        factories: Mapping[str, AnalyzerFactory],
        findings: Findings,
        lanes: Executor,
        *,
        missing: Mapping[str, str] = NONE,
        whole: Mapping[str, LibraryModel] = NONE,
        max_age_s: float = 1.0,
        promised_age_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        abort: Callable[[int], None] = sys.exit,
    ) -> None:
        self.meters = Meters()
        self.rate = RateControl()
        self.lanes = lanes
        self.demand = Demand()
        self.sources: list[ArenaSource] = []
        self.served = list(served)
        self.abort = abort
        self._findings = findings
        self._max_age_s = max_age_s
        self._promised_age_s = promised_age_s
        self._clock = clock
        self._awake = asyncio.Event()
        self._listening = False
        self._passed_over = 0
        self._next_warning = 0.0
        self._offset_ns = unix_offset_ns()
        self.sessions = Sessions(
            self.demand, self.served, factories, findings, max_age_s=max_age_s, clock=clock
        )
        self.pending = PendingItems(self.demand, self.served, missing, whole, clock, self.awake)

    def awake(self) -> None:
        """Something changed: plan again soon."""
        self._awake.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._awake.clear()
            alarm = loop.call_later(self.tick(), self.awake)
            await self._awake.wait()
            alarm.cancel()

    def tick(self) -> float:
        """Receive, plan, and start batches; returns the seconds until it is to be called again.

        While no lane is free there is little to decide: the next one that becomes free calls.
        """
        now, lanes = self._clock(), self.lanes.state
        self.rate.step(now)
        self.sessions.lost.look()
        if not lanes.open:
            return LONGEST_TICK_S
        ready = self._receive(now)
        decided = plan(now, self.demand, [model.state for _, model in self.served], lanes, ready)
        started = [self._start(batch, now) for batch in decided.batches]
        self.demand.settle(decided.waiting)
        self.sessions.end_failed()
        if len(decided.waiting) and not all(started):
            self.awake()  # a lane is left over
        if not self.lanes.state.free:
            return LONGEST_TICK_S
        if self.demand.waits_for_media(now):
            self._listen_for_media()
        return min(LONGEST_TICK_S, max(0.0, decided.wake_at - self._clock()))

    def _listen_for_media(self) -> None:
        """Wake up when something is published, but not before many cameras had time to do so."""
        if not self._listening:
            self._listening = True
            asyncio.get_running_loop().call_later(GATHERING_S, self._arm)

    def _arm(self) -> None:
        self._listening = False
        for source in self.sources:
            source.arm()

    def _receive(self, now: float) -> Rows:
        """Look at what is new in all rings; rows that can be served."""
        for jump in self.sessions.arrivals.refresh(now):
            row = self.sessions.rows[jump.row]
            row.fresh = True
            self._drop(row, "gap", jump.windows)
            self._passed_over += jump.windows
        if self._passed_over and now >= self._next_warning:
            log.warning(
                "%d windows of samples were passed over: the scheduler fell behind", self._passed_over
            )
            self._passed_over, self._next_warning = 0, now + WARNING_INTERVAL_S
        return self.demand.mark_ready(now)

    def _start(self, batch: Batch, now: float) -> bool:
        """Hand a batch to a lane; False if there was nothing to do for any of its rows after all."""
        _, served = self.served[batch.model]
        if isinstance(served, LoadedVisionModel):
            return self._start_vision(served, batch, now)
        assert isinstance(served, LoadedSampleModel)
        return self._start_audio(served, batch, now)

    def _start_vision(self, served: LoadedVisionModel, batch: Batch, now: float) -> bool:
        opened = [self._open_look(index, now) for index in batch.rows.tolist()]
        rows = self._wanted(batch, opened, now, stretch=1 / self.rate.scale)
        if len(rows):
            looks, entries = zip(*filter(None, opened), strict=True)
            moments = frame_moments(entries, looks, self._offset_ns)
            job = partial(isolated, served, served.look, looks)
            self._submit(served, rows, entries, moments, job, now)
        return len(rows) > 0

    def _open_look(self, index: int, now: float) -> tuple[Look, StreamItem | PendingItem] | None:
        """A task's picture, or the row's newest frame if it is fresh and the stream wants to look at it."""
        ask = self.pending.asks.get(index)
        if ask is not None:
            assert isinstance(ask.item, Look)
            return ask.item, ask
        row = self.sessions.rows[index]
        assert row.reader is not None
        frame = row.reader.newest()
        self.demand.advance(index, row.reader.next)
        if frame is None:
            return None
        if now - frame.info.arrival_ns * 1e-9 > self._max_age_s:
            self._drop(row, "stale")
            return None
        roi = row.stream.analyzer.roi(row.role, frame.info)
        if roi is None:
            return None
        return Look(frame, roi), StreamItem(row, row.track.epoch)

    def _start_audio(self, served: LoadedSampleModel, batch: Batch, now: float) -> bool:
        cursors = self.demand.cursor[batch.rows]
        opened = list(map(partial(self._open_listen, served), batch.rows.tolist(), cursors.tolist()))
        rows = self._wanted(batch, opened, now, stretch=1.0)
        # What is new in a window that overlaps the one before it is its last hop.
        firsts = self.demand.cursor[rows] + served.window - served.hop
        self.demand.advance(batch.rows, cursors + served.hop)
        if len(rows):
            listens, entries = zip(*filter(None, opened), strict=True)
            moments = sound_moments(entries, firsts, served.hop, self._offset_ns)
            self._submit(
                served, rows, entries, moments, partial(isolated, served, served.listen, listens), now
            )
        return len(rows) > 0

    def _open_listen(
        self, served: LoadedSampleModel, index: int, cursor: int
    ) -> tuple[Listen | Clip, StreamItem | PendingItem] | None:
        """A task's samples, or the row's next window if its stream wants to hear it."""
        ask = self.pending.asks.get(index)
        if ask is not None:
            assert isinstance(ask.item, Clip)
            return ask.item, ask
        row = self.sessions.rows[index]
        analyzer = row.stream.analyzer
        if not analyzer.hears(row.role):
            return None
        track, seen = row.track, None
        if isinstance(served, LoadedAudioVisualModel):
            begins_s = captured_s(track.ring, cursor)
            assert isinstance(analyzer, AudioVisualAnalyzer)
            seen = None if begins_s is None else analyzer.seen_since(begins_s)
            if seen is None:
                return None
        listen = Listen(track.ring, cursor, row.slot, row.fresh, seen)
        row.fresh = False
        return listen, StreamItem(row, track.epoch)

    def _wanted(self, batch: Batch, opened: Sequence[object], now: float, *, stretch: float) -> Rows:
        """Those that something was opened for; the others come round again a period later, at no charge."""
        wanted = np.array([found is not None for found in opened])
        taken: Rows = batch.rows[wanted]
        if len(taken) < len(batch.rows):
            passed_over = batch.rows[~wanted]
            self.demand.dispatch(passed_over, now, stretch=stretch, grid=0.0, seconds=0.0)
            self.demand.release(passed_over)
        return taken

    def _submit(
        self,
        served: LoadedModel,
        rows: Rows,
        entries: Sequence[StreamItem | PendingItem],
        moments: Moments,
        job: Callable[[], Done],
        now: float,
    ) -> None:
        stretch = 1.0 if served.listens else 1 / self.rate.scale  # samples are not optional; frames are
        allowed = np.maximum(self.demand.period[rows] * stretch, NEVER_LATE_S)
        flight = InFlightBatch(served, rows, entries, moments, self.demand.ready_since[rows], allowed)
        self.demand.dispatch(
            rows,
            now,
            stretch=stretch,
            grid=GRID_S if served.call_bound else 0.0,
            seconds=served.curve.cost(len(rows)) / len(rows),
        )
        served.at_work += 1
        self.lanes.submit(job, partial(self._finish, flight))

    def _finish(self, flight: InFlightBatch, future: "Future[Done]") -> None:
        served, rows = flight.served, flight.rows
        served.at_work -= 1
        self.demand.release(rows)
        done = landed(flight, future)
        if done.failure == DeviceLost.code:
            self.abort(EXIT_DEVICE_LOST)
        served.took(len(rows), done.seconds)
        self.meters.batch_size[served.name].add(len(rows))
        self.meters.infer_seconds[served.name].add(done.seconds)
        try:
            self._absorb(flight, done)
        finally:
            for index in rows.tolist():
                if not self.pending.row_is_over(index):
                    self.sessions.row_is_over(index)
            self.sessions.end_failed()
            self.awake()

    def _absorb(self, flight: InFlightBatch, done: Done) -> None:
        now = self._clock()
        taken: list[tuple[int, DemandRow]] = []
        for place, (entry, output) in enumerate(zip(flight.entries, done.outputs, strict=True)):
            if isinstance(entry, PendingItem):
                entry.settle(output, len(flight.entries))
            elif isinstance(output, Dropped):
                self._drop(entry.row, output.reason)
                self.sessions.item_failed(entry.row, output.reason, to_blame=output.to_blame)
                if output.reason == BAD_IMAGE:
                    self.sessions.sees_nothing(entry.row.track)
            elif entry.row.stream.ended or entry.epoch != entry.row.track.epoch:
                self._drop(entry.row, "superseded")
            else:
                taken.append((place, entry.row))
        places = [place for place, _ in taken]
        if not flight.served.listens:
            self._observe_delays(now - flight.ready_since[places], flight.allowed[places])
        for (place, row), at in zip(taken, flight.moments(places, now), strict=True):
            self._absorb_one(row, done.outputs[place], at)

    def _observe_delays(self, taken_s: NDArray[np.float64], allowed_s: NDArray[np.float64]) -> None:
        """Tell the overload loop; a row that was never marked ready has no delay."""
        for load in (taken_s / allowed_s).tolist():
            if math.isfinite(load):
                self.rate.observe(load)

    def _absorb_one(self, row: DemandRow, output: Any, at: Moment) -> None:
        self.meters.served[row.role] += 1
        self.sessions.sees(row.track)
        row.failures = 0
        if not row.served.listens:
            self.rate.observe(at.frame_age_ms / 1000 / self._promised_age_s)
        for stream in row.streams:
            stream.heard(row.track.ring.kind, at)
            self.meters.frame_age[stream.analyzer.name].add(at.frame_age_ms / 1000)
            for outcome in stream.analyzer.absorb(row.role, output, at):
                self._findings.finding(stream.media, stream.analyzer.name, outcome, at)
            if stream.analyzer.news:
                self._findings.latest(stream, at)
        if not row.served.listens:
            self.demand.retime(row.index, row.period)

    def _drop(self, row: DemandRow, reason: str, count: int = 1) -> None:
        self.meters.dropped[row.stream.analyzer.name][reason] += count
