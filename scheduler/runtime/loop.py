"""The loop: receive → plan → prepare → run → decode → absorb.

Receiving, planning and absorbing happen on the event loop and take turns; preparing, running and decoding
happen in the executor's threads, but for quick batches, which take less than handing them over. While the
threads work the next batches are planned, so batch sizes follow the load by themselves: what became ready
while a batch ran goes into the next one.
"""

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import AnalyzerFactory, LibraryModel, Moment
from ..errors import EXIT_DEVICE_LOST, DeviceLost, OutOfMemory
from ..loaded.isolation import isolated
from ..loaded.loaded_model import Done, Dropped, LoadedModel, Look
from ..loaded.loaded_vision import BAD_IMAGE
from ..media.arena_sources import ArenaSource
from ..planning.batcher import Batch, ModelState, is_run_here, plan, quick_rows
from ..planning.demand import Demand, RowKind, Rows
from ..planning.overload import ServedShare
from ..report.meters import Meters
from ..sessions.session_stream import DemandRow
from ..sessions.sessions import Findings, Sessions
from ..tracing.traces import NO_TRACES, Traces
from .executor import Executor
from .in_flight import InFlightBatch, StreamItem, landed, trace
from .pending import PendingItem, PendingItems

log = logging.getLogger(__name__)

GATHERING_S = 0.002
LONGEST_TICK_S = 0.5
# Of the wanted rates: where fewer can be kept, sound waits for company, which saves passes: a loop that is
# busy with single windows leaves threads without a batch.
COMPANY_PAYS, COMPANY_S = 0.95, 0.016
WARNING_INTERVAL_S = 5.0
NONE: Mapping[str, Any] = MappingProxyType({})


class Scheduler:
    """Everything between the arenas and the findings.

    ``loaded``: (role, model) pairs; a role without a model is simply not served.
    ``factories``: stream name to the class of its analyzers. ``missing``, ``library``: see ``PendingItems``.
    ``used_at``: when its last batch came back, monotonic seconds.
    """

    def __init__(
        self,
        loaded: Sequence[tuple[str, LoadedModel]],
        factories: Mapping[str, AnalyzerFactory],
        findings: Findings,
        executor: Executor,
        *,
        missing: Mapping[str, str] = NONE,
        library: Mapping[str, LibraryModel] = NONE,
        max_age_s: float = 1.0,
        promised_age_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        abort: Callable[[int], None] = sys.exit,
        traces: Traces = NO_TRACES,
    ) -> None:
        self._traces = traces
        self.meters = Meters()
        self.rate = ServedShare()
        self.executor = executor
        self.demand = Demand()
        self.sources: list[ArenaSource] = []
        self.loaded = list(loaded)
        self.abort = abort
        self._findings = findings
        self._max_age_s = max_age_s
        self._promised_age_s = promised_age_s
        self._clock = clock
        self.used_at = clock()
        self._awake = asyncio.Event()
        self._waiting = False
        self._hear_at = 0.0  # when quick sound is run again; until then it waits for company
        self._passed_over = 0
        self._next_warning = 0.0
        self._cpu = time.thread_time()
        self.sessions = Sessions(
            self.demand, self.loaded, factories, findings, max_age_s=max_age_s, clock=clock
        )
        self.pending = PendingItems(self.demand, self.loaded, missing, library, clock, self.awake)

    def awake(self) -> None:
        """Something changed: plan again soon."""
        self._awake.set()

    async def run(self, on_pass: Callable[[], None] = lambda: None) -> None:
        """Serve until cancelled; ``on_pass`` is called after every look at what there is to do."""
        loop = asyncio.get_running_loop()
        while True:
            self._awake.clear()
            alarm = loop.call_later(self.tick(), self.awake)
            on_pass()
            await self._awake.wait()
            alarm.cancel()

    def tick(self) -> float:
        """Receive, plan, and start batches; returns the seconds until it is to be called again.

        While no thread is free there is little to decide: the next one that becomes free calls, but for quick
        batches, which need none.
        """
        now, threads = self._clock(), self.executor.state
        self.rate.step(now)
        self.sessions.lost.look()
        models = self._states()
        quick = np.array([quick_rows(model, threads) > 0 for model in models], np.bool_)  # there may be none
        held_s = max(0.0, self._hear_at - now)
        hear = quick & (held_s == 0)
        longest = held_s or LONGEST_TICK_S
        if not (threads.open(long=False) or threads.open(long=True) or self.demand.wants_any(hear)):
            return longest
        ready = self._receive(now)
        if held_s:
            ready = ready[~quick[self.demand.model[ready]]]
        decided = plan(now, self.demand, models, threads, ready, self._promised_age_s)
        started = [self._start(batch, now) for batch in sorted(decided.batches, key=is_run_here)]
        self.demand.settle(decided.waiting)
        self.sessions.end_failed()
        if len(decided.waiting) and not all(started):
            self.awake()  # a thread is left over
        if any(map(is_run_here, decided.batches)):
            self._heard(now, rest=bool(quick[self.demand.model[decided.waiting]].any()))
        places = self.executor.state.places(long=False)
        if self.demand.waits_for_media(now, None if places else hear):
            self._wait_for_media()
        return min(longest, max(0.0, decided.wake_at - self._clock())) if places else longest

    def _states(self) -> list[ModelState]:
        """Models as planning sees them. Where rates are lowered all rows of a quick one run at once."""
        states = [model.state for _, model in self.loaded]
        if self.rate.scale >= COMPANY_PAYS:
            return states
        return [state._replace(quick=state.max_batch if state.quick else 0) for state in states]

    def _heard(self, now: float, *, rest: bool) -> None:
        """Quick sound was run, all that was there or not: it goes on at once, or after it had company."""
        if self.rate.scale < COMPANY_PAYS and not rest:
            self._hear_at = now + COMPANY_S
        elif self.sessions.rows.arrivals.behind:
            self.awake()

    def _wait_for_media(self) -> None:
        """Wake up when something is published, but not before many cameras had time to do so."""
        if not self._waiting:
            self._waiting = True
            gathering = GATHERING_S if self.rate.scale >= COMPANY_PAYS else COMPANY_S
            asyncio.get_running_loop().call_later(gathering, self._arm)

    def _arm(self) -> None:
        self._waiting = False
        for source in self.sources:
            source.arm()

    def _receive(self, now: float) -> Rows:
        """Look at what is new in all rings; rows that can be served."""
        for jump in self.sessions.rows.arrivals.refresh(now):
            row = self.sessions.rows[jump.row]
            row.feed.forget()
            self._drop(row, "gap", jump.windows)
            self._passed_over += jump.windows
        if self._passed_over and now >= self._next_warning:
            log.warning(
                "%d windows of samples were passed over: the scheduler fell behind", self._passed_over
            )
            self._passed_over, self._next_warning = 0, now + WARNING_INTERVAL_S
        return self.demand.mark_ready(now)

    def _start(self, batch: Batch, now: float) -> bool:
        """Hand a batch to the executor; False if there was nothing to do for any of its rows after all."""
        _, loaded = self.loaded[batch.model]
        wanted, items, entries = self._open(batch.rows, now)
        rows = batch.rows if all(wanted) else self._wanted(batch, np.array(wanted), now)
        if len(rows):
            self._submit(loaded, rows, items, entries, now, here=is_run_here(batch))
        return len(rows) > 0

    def _open(self, rows: Rows, now: float) -> tuple[list[bool], list[Any], list[StreamItem | PendingItem]]:
        """Of which rows there is an item that is wanted, a task's or the next one of a stream; those items,
        and whose they are.

        The rows' cursors move on.
        """
        pending, streams = self.pending.items, self.sessions.rows
        cursors = self.demand.cursor[rows].tolist()
        wanted, items = [True] * len(rows), []
        entries: list[StreamItem | PendingItem] = []
        for place, index in enumerate(rows.tolist()):
            if index in pending:
                items.append(pending[index].item)
                entries.append(pending[index])
                continue
            row = streams[index]
            feed = row.feed
            item = feed.item(row.streams[0].analyzer, cursors[place], now)
            cursors[place] = feed.cursor
            if item is None or isinstance(item, Dropped):
                wanted[place] = False
                if item is not None:
                    self._drop(row, item.reason)
                continue
            items.append(item)
            entries.append((row, feed.track.epoch))
        self.demand.advance(rows, np.array(cursors, np.int64))
        return wanted, items, entries

    def _wanted(self, batch: Batch, wanted: NDArray[np.bool_], now: float) -> Rows:
        """Those that something was opened for; the others come round again a period later, at no charge."""
        passed_over = batch.rows[~wanted]
        continuous = self.loaded[batch.model][1].continuous
        self.demand.dispatch(passed_over, now, seconds=0.0, continuous=continuous)
        self.demand.release(passed_over)
        taken: Rows = batch.rows[wanted]
        return taken

    def _submit(
        self,
        loaded: LoadedModel,
        rows: Rows,
        items: Sequence[Any],
        entries: Sequence[StreamItem | PendingItem],
        now: float,
        *,
        here: bool,
    ) -> None:
        moments = loaded.moments(items, self.sessions.wall.offset_ns())
        batch = InFlightBatch(loaded, rows, entries, moments, now)
        if not loaded.continuous:
            streams = rows[self.demand.kind[rows] == RowKind.STREAM]
            self.rate.observe(self.demand.overdue(streams, now), self.demand.period[streams])
        seconds = loaded.curve.cost(len(rows)) / len(rows)
        self.demand.dispatch(rows, now, seconds=seconds, continuous=loaded.continuous)
        loaded.in_flight += 1
        job = partial(isolated, loaded, items)
        if here:
            self._take_in(batch, self.executor.run_here(job), here=True)
        else:
            self.executor.submit(job, partial(self._finish, batch), long=loaded.long)

    def _finish(self, batch: InFlightBatch, future: "Future[Done]") -> None:
        """A thread is done with a batch. Its next one is planned before tasks hear what came of this one."""
        self.awake()
        try:
            self._take_in(batch, future, here=False)
        finally:
            self.sessions.end_failed()

    def _take_in(self, batch: InFlightBatch, future: "Future[Done]", *, here: bool) -> None:
        """Absorb what came of a batch, which was run ``here``, in this thread, or in the executor's."""
        loaded, rows = batch.loaded, batch.rows
        self.used_at = self._clock()
        loaded.in_flight -= 1
        self.demand.release(rows)
        done = landed(loaded, len(rows), future)
        for look in [Look(loaded, len(rows), done)] if done.looks is None else done.looks:
            self._count(look)
        try:
            self._absorb(batch, done)
        finally:
            self._are_over(batch)
            for look in done.looks or ():
                look.loaded.took(look.rows, look.done.cost, 0.0)
            loaded.took(len(rows), done.cost, self._spent() - (done.cost if here else 0.0))

    def _count(self, look: Look) -> None:
        loaded, rows, done = look
        self._judge(loaded, rows, done)
        self.meters.reused[loaded.model.role] += done.reused
        self.meters.batch_size[loaded.name].add(rows)
        self.meters.infer_seconds[loaded.name].add(done.seconds)

    def _are_over(self, batch: InFlightBatch) -> None:
        """Give the rows back that nobody wants any more."""
        for index, entry in zip(batch.rows.tolist(), batch.entries, strict=True):
            if isinstance(entry, PendingItem):
                self.pending.row_is_over(index)
            elif entry[0].ended:
                self.sessions.rows.is_over(index)

    def _spent(self) -> float:
        """CPU seconds of the loop since the last batch came back: all it did meanwhile was for batches."""
        before, self._cpu = self._cpu, time.thread_time()
        return self._cpu - before

    def checked(self, loaded: LoadedModel, future: "Future[Done]") -> None:
        """A check of the model (``checks.py``) is over."""
        loaded.in_flight -= 1
        self._judge(loaded, 1, landed(loaded, 1, future))
        self.awake()

    def _judge(self, loaded: LoadedModel, rows: int, done: Done) -> None:
        """Whether the device and the model can be used from now on; a smaller batch may yet fit in memory."""
        if done.failure == DeviceLost.code:
            self.abort(EXIT_DEVICE_LOST)
        too_large = done.failure == OutOfMemory.code and rows > 1
        if (done.failure or done.seconds) and not too_large:
            loaded.judge(done.failure, self._clock())

    def _absorb(self, batch: InFlightBatch, done: Done) -> None:
        now = self._clock()
        places: list[int] = []
        taken: list[DemandRow] = []
        for place, (entry, output) in enumerate(zip(batch.entries, done.outputs, strict=True)):
            if isinstance(entry, PendingItem):
                if entry.traceparent:
                    trace(batch, entry, self._traces, now)
                entry.settle(output, len(batch.entries))
                continue
            row, epoch = entry
            if isinstance(output, Dropped):
                self._drop(row, output.reason)
                self.sessions.item_failed(row, output.reason, to_blame=output.to_blame)
                if output.reason == BAD_IMAGE:
                    self.sessions.sees_nothing(row.feed.track)
            elif row.ended or epoch != row.feed.track.epoch:
                self._drop(row, "superseded")
            else:
                places.append(place)
                taken.append(row)
        moments = batch.moments(places, [row.feed.track.clock for row in taken], now)
        if taken:
            self.meters.served[taken[0].role] += len(taken)
        for place, row, at in zip(places, taken, moments, strict=True):
            self._absorb_one(row, done.outputs[place], at)

    def _absorb_one(self, row: DemandRow, output: Any, at: Moment) -> None:
        kind = row.loaded.track
        if row.feed.track.blind_since is not None:
            self.sessions.sees(row.feed.track)
        row.failures = 0
        for stream in row.streams:
            analyzer = stream.analyzer
            stream.heard(kind, at)
            self.meters.frame_age[analyzer.name].add(at.frame_age_ms / 1000)
            outcomes = analyzer.absorb(row.role, output, at)
            stream.found(outcomes)
            if analyzer.news:
                self._findings.latest(stream, at)
            for outcome in outcomes:  # after what they were found in
                self._findings.finding(stream.media, analyzer.name, outcome, at)
        if not row.loaded.continuous and row.rates_changed():
            self.demand.retime(row.index, row.period, self._clock())

    def _drop(self, row: DemandRow, reason: str, count: int = 1) -> None:
        self.meters.dropped[row.stream.analyzer.name][reason] += count
