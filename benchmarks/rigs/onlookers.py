"""Streams that only look and listen, and who takes down when they were answered."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from argusd.ingest.shm.frame import FrameInfo
from argusd.scheduler.contract.catalog import StreamName
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.roles import FACE_EMBEDDER, FACE_MESH
from argusd.scheduler.core import Moment, Outcome, Reuse, Roi, whole_frame
from argusd.scheduler.report.meters import Meters
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.sessions.session_stream import SessionStream

from .timeline import Span


def region(role: str, info: FrameInfo) -> Roi:
    """A face's square in the middle for the mesh and the embedder, the whole frame for the detectors."""
    of_a_face = role in (FACE_MESH, FACE_EMBEDDER)
    return Roi(info.width / 2, info.height / 2, info.height / 2, 0.1) if of_a_face else whole_frame(info)


class Answer(NamedTuple):
    """One look that was answered: when (monotonic), whose, by which role, and the frame's age then."""

    at: float
    session_id: str
    role: str
    age_s: float


class Onlooker:
    """A stream that looks or listens at fixed rates and says so at every ``tells``-th answer of a role."""

    news = True

    def __init__(self, name: StreamName, rates: Mapping[str, float], tells: int = 1) -> None:
        self.name = name
        self.rates = rates
        self._tells = tells
        self._answers = dict.fromkeys(rates, 0)

    def apply(self, policy: Policy) -> list[Outcome]:  # noqa: ARG002
        """Nothing here depends on it."""
        return []

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """What the role would look at in a picture of one person."""
        return region(role, info)

    def reuse(self, role: str) -> Reuse | None:  # noqa: ARG002
        """Never: what is measured is looks."""
        return None

    def wants(self, role: str) -> bool:
        """Every window, as long as it stays."""
        return role in self.rates

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:  # noqa: ARG002
        """An outcome named after its role, the first time and then now and again."""
        told = self._answers[role] % self._tells == 0
        self._answers[role] += 1
        return [Outcome("observation", role, "update", 1.0)] if told else []

    def latest(self) -> dict[str, Any]:
        """Nothing is kept."""
        return {}

    def restart(self) -> None:
        """Nothing is kept."""

    def forget(self) -> None:
        """Nothing is kept."""

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002
        """Nothing is open."""
        return []


class Recorder:
    """Takes the scheduler's findings and notes when they came.

    ``spans``: what its threads did; ``meters``: what it counts.
    """

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.spans: list[Span] = []
        self.meters = Meters()

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:  # noqa: ARG002
        """Note one answer."""
        self.answers.append(Answer(time.monotonic(), media.session_id, outcome.name, at.frame_age_ms / 1000))

    def latest(self, stream: SessionStream, at: Moment) -> None:
        """The findings say it all."""


async def measured(recorder: Recorder, seconds: float) -> list[Answer]:
    """What is answered in the next ``seconds``."""
    start = len(recorder.answers)
    await asyncio.sleep(seconds)
    return recorder.answers[start:]


@asynccontextmanager
async def serving(scheduler: Scheduler, recorder: Recorder, sessions: int) -> AsyncIterator[None]:
    """The scheduler and its sources; so many sessions were answered once when it is yielded."""
    tasks = [asyncio.create_task(scheduler.run())]
    tasks += [asyncio.create_task(source.run()) for source in scheduler.sources]
    try:
        await _answers_from(sessions, recorder, tasks)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        scheduler.executor.close()


async def _answers_from(sessions: int, recorder: Recorder, tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait until every session was answered once."""
    async with asyncio.timeout(60):
        while len({answer.session_id for answer in recorder.answers}) < sessions:
            done, _ = await asyncio.wait(tasks, timeout=0.05)
            for task in done:
                task.result()
