"""Has one-shot tasks done: by a scheduler, or here for those that only need text."""

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple

from argusd.scheduler.contract.errors import DeadlineExceeded, Overloaded, ServiceError
from argusd.scheduler.contract.payloads import Payload, VideoRoomScan
from argusd.scheduler.contract.tasks import HOMES
from argusd.scheduler.report.meters import SECONDS, Meter

from ..analysis.llm import Llm
from ..analysis.moderation import response_moderate
from ..analysis.plagiarism import plagiarism_analyze
from ..workers.schedulers import Schedulers
from .room_scans import RoomScans

MILLISECONDS = (0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 1000.0)
TASK_SECONDS = (*SECONDS, 5.0, 10.0, 30.0, 60.0)
API = "api"  # the worker_id of what is done here

LLM_SHARE = 0.9  # of a caller's time, so that the rest of a text task's result still comes

TextTask = Callable[[Any, Llm, float], Awaitable[dict[str, Any]]]
TEXT_TASKS: Mapping[str, TextTask] = {
    "plagiarism_analyze": plagiarism_analyze,
    "response_moderate": response_moderate,
}


class Inferred(NamedTuple):
    """A task's result, and who had it."""

    result: dict[str, Any]
    worker_id: str


class Inference:
    """Places tasks and counts them.

    ``seconds``: by task type, what callers waited. ``dispatch_ms``: by domain, the part of it that was the
    way to the worker and back. ``refused``: by task type and error code. ``held``: bytes of requests' bodies.
    """

    def __init__(self, schedulers: Schedulers, llm: Llm, scans: RoomScans, max_bytes: int) -> None:
        self.seconds: defaultdict[str, Meter] = defaultdict(lambda: Meter(TASK_SECONDS))
        self.dispatch_ms: defaultdict[str, Meter] = defaultdict(lambda: Meter(MILLISECONDS))
        self.refused: Counter[tuple[str, str]] = Counter()
        self.held = 0
        self._schedulers = schedulers
        self._llm = llm
        self._scans = scans
        self._max_bytes = max_bytes

    @contextlib.contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Keep room for a body of this size while it is in memory.

        Raises:
            Overloaded: there is none.
        """
        if self.held + size > self._max_bytes:
            raise Overloaded("The daemon holds as many requests as it may; try again in a moment.")
        self.held += size
        try:
            yield
        finally:
            self.held -= size

    async def infer(self, session_id: str, task_type: str, payload: Payload, timeout_s: float) -> Inferred:
        """Have it done.

        Raises:
            ServiceError: there is no result; the error says why.
        """
        started = time.monotonic()
        try:
            if HOMES[task_type].tier is None:
                return Inferred(await self._here(task_type, payload, timeout_s), API)
            if isinstance(payload, VideoRoomScan):
                return await self._scan(session_id, task_type, payload, timeout_s)
            return await self._there(session_id, task_type, payload, timeout_s)
        except ServiceError as error:
            self.refused[task_type, error.code] += 1
            raise
        finally:
            self.seconds[task_type].add(time.monotonic() - started)

    async def _here(self, task_type: str, payload: Payload, timeout_s: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                return await TEXT_TASKS[task_type](payload, self._llm, LLM_SHARE * timeout_s)
        except TimeoutError:
            raise DeadlineExceeded(f"The task was not done in {timeout_s:g} s.") from None

    async def _scan(
        self, session_id: str, task_type: str, payload: VideoRoomScan, timeout_s: float
    ) -> Inferred:
        async def look(frame: Payload) -> Inferred:
            return await self._there(session_id, task_type, frame, timeout_s)

        result, worker_id = await self._scans.step(session_id, payload, look)
        return Inferred(result, worker_id or API)

    async def _there(self, session_id: str, task_type: str, payload: Payload, timeout_s: float) -> Inferred:
        started = time.monotonic()
        timeout_s -= await self._schedulers.started(task_type, timeout_s)
        worker = await self._schedulers.place(session_id, task_type)
        try:
            done = await worker.call(session_id, task_type, payload, timeout_s)
        except ServiceError as error:
            error.worker_id = worker.link.name
            raise
        way_s = time.monotonic() - started - done.seconds
        self.dispatch_ms[HOMES[task_type].domain].add(max(0.0, way_s) * 1000)
        return Inferred({**done.result, "models": done.models}, worker.link.name)
