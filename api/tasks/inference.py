"""Has one-shot tasks done: by a scheduler, or here for those that only need text."""

import asyncio
import time
from collections import Counter, defaultdict
from typing import Any, NamedTuple

import msgspec

from argusd.scheduler.contract.errors import DeadlineExceeded, Draining, ServiceError
from argusd.scheduler.contract.modules import import_modules
from argusd.scheduler.contract.tasks.rooms import ROOM_SCAN_FRAME, RoomScanFrame, VideoRoomScan
from argusd.scheduler.contract.tasks.spec import AnyTask, Payload
from argusd.scheduler.report.meters import SECONDS, Meter
from argusd.scheduler.tracing.traces import Traces

from .. import analysis
from ..analysis.functions import FUNCTIONS
from ..analysis.llm import Llm
from ..intake import Intake
from ..workers.schedulers import Schedulers
from .room_scans import RoomScans

MILLISECONDS = (0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0)
TASK_SECONDS = (*SECONDS, 5.0, 10.0, 30.0, 60.0)
API = "api"  # the worker_id of what is done here

MOST_MOVES = 3  # of one task, from a worker that stops to another one
LLM_SHARE = 0.9  # of a caller's time, so that the rest of a text task's result still comes

import_modules(analysis.__name__)


class Inferred(NamedTuple):
    """A task's result, and who had it."""

    result: dict[str, Any]
    worker_id: str


class Inference:
    """Places tasks and counts them.

    ``seconds``: by task type, what callers waited. ``dispatch_ms``: by domain, the part of it that was the
    way to the worker and back. ``refused``: by task type and error code. ``at_work``: tasks that are not
    answered yet.
    """

    def __init__(
        self, intake: Intake, schedulers: Schedulers, llm: Llm, scans: RoomScans, traces: Traces
    ) -> None:
        self.seconds: defaultdict[str, Meter] = defaultdict(lambda: Meter(TASK_SECONDS))
        self.dispatch_ms: defaultdict[str, Meter] = defaultdict(lambda: Meter(MILLISECONDS))
        self.refused: Counter[tuple[str, str]] = Counter()
        self.at_work = 0
        self._intake = intake
        self._schedulers = schedulers
        self._llm = llm
        self._scans = scans
        self._traces = traces

    async def infer(self, session_id: str, task: AnyTask, payload: Payload, timeout_s: float) -> Inferred:
        """Have it done.

        Raises:
            ServiceError: there is no result; the error says why.
        """
        started = time.monotonic()
        self._intake.check_task(session_id)
        self.at_work += 1
        try:
            if isinstance(payload, VideoRoomScan):
                return await self._scan(session_id, payload, timeout_s)
            if task.tier is None:
                return Inferred(await self._here(task, payload, timeout_s), API)
            return await self._there(session_id, task, payload, timeout_s)
        except ServiceError as error:
            self.refused[task.name, error.code] += 1
            raise
        finally:
            self.at_work -= 1
            self.seconds[task.name].add(time.monotonic() - started)

    async def _here(self, task: AnyTask, payload: Payload, timeout_s: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                reply = await FUNCTIONS[task.name](payload, self._llm, LLM_SHARE * timeout_s)
        except TimeoutError:
            raise DeadlineExceeded(f"The task was not done in {timeout_s:g} s.") from None
        result: dict[str, Any] = msgspec.to_builtins(reply)
        return result

    async def _scan(self, session_id: str, payload: VideoRoomScan, timeout_s: float) -> Inferred:
        async def look(frame: RoomScanFrame) -> Inferred:
            return await self._there(session_id, ROOM_SCAN_FRAME, frame, timeout_s)

        result, worker_id = await self._scans.step(session_id, payload, look)
        return Inferred(result, worker_id or API)

    async def _there(self, session_id: str, task: AnyTask, payload: Payload, timeout_s: float) -> Inferred:
        for moves_left in reversed(range(MOST_MOVES)):
            self._intake.check_task(session_id)
            timeout_s -= await self._schedulers.comes(task, timeout_s)
            worker = await self._schedulers.place(session_id, task)
            sent = time.monotonic()
            try:
                with self._traces.span("dispatch") as span:
                    span.tell(argusd__task_type=task.name, argusd__worker_id=worker.link.name)
                    done = await worker.call(session_id, task.name, payload, timeout_s)
            except ServiceError as error:
                if isinstance(error, Draining) and moves_left:
                    timeout_s -= time.monotonic() - sent
                    continue  # this life of the worker stops; another worker, or its next life, does the task
                error.worker_id = worker.link.name
                raise
            self.dispatch_ms[task.domain].add(max(0.0, time.monotonic() - sent - done.seconds) * 1000)
            return Inferred({**done.result, "models": done.models}, worker.link.name)
        raise AssertionError("the last try returns or raises")
