"""One-shot tasks on real models: a burst of callers beside one caller after the other.

Both have the same tasks done by the same scheduler, in turns, so that noise meets both. Where a model's batch
curve promises a gain the burst shows it; where it does not, a burst must not cost more than its tasks one by
one. HTTP is left out: it costs the same either way.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import get_args

import cv2
import msgspec
import numpy as np
import uvloop

from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import TaskDone, TaskFailed, TaskRequest
from argusd.scheduler.contract.tasks.documents import DOC_ID_VERIFY, DOC_OCR, DocIdVerify, DocOcr
from argusd.scheduler.contract.tasks.faces import FACE_EMBED, FACE_VERIFY, FaceEmbed, FaceVerify
from argusd.scheduler.contract.tasks.rooms import ROOM_SCAN_FRAME, RoomScanFrame
from argusd.scheduler.contract.tasks.spec import AnyTask, Payload
from argusd.scheduler.contract.tasks.voices import (
    AUDIO_DIARIZE,
    AUDIO_ENROLL,
    AUDIO_VERIFY,
    AudioDiarize,
    AudioEnroll,
    AudioVerify,
)
from argusd.scheduler.contract.tiers import Tier
from argusd.scheduler.core import Moment, Outcome
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.roles import batched, fill_roles, library_models, missing
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.runtime.task_pool import TaskPool
from argusd.scheduler.sessions.session_stream import SessionStream
from argusd.scheduler.tasks.catalog import functions_of
from argusd.scheduler.zoo.store import ZooStore

from .harness import Metric, Result, machine, paired_ratio, percentile
from .rigs.cache import CACHE
from .rigs.scheduler import CORES

CALLERS = 16
TIMEOUT_S = 300.0
ROUNDS, QUICK_ROUNDS = 5, 1
SLOW_CALLERS = 4  # of tasks that take seconds

Ask = Callable[[AnyTask, Payload], Awaitable[TaskDone]]
Times = list[float]


class Nobody:
    """Takes findings; there are none, as there are no sessions."""

    def finding(self, media: MediaKey, stream: str, outcome: Outcome, at: Moment) -> None:
        """Does not come."""

    def latest(self, stream: SessionStream, at: Moment) -> None:
        """Does not come."""


def main(quick: bool) -> Result:
    """Every task in a burst and one by one."""
    metrics: dict[str, Metric] = {}
    served = 0
    for tier in get_args(Tier):
        found = uvloop.run(_measure(tier, QUICK_ROUNDS if quick else ROUNDS))
        for task, (alone, burst, ratios) in found.items():
            served += len(alone) + len(burst)
            metrics |= _metrics(task, alone, burst, ratios)
    assert served, "no task was done"
    return Result("bursts", machine(), served, metrics)


def _metrics(task: AnyTask, alone: Times, burst: Times, ratios: Times) -> dict[str, Metric]:
    callers = _callers(task)
    return {
        f"{task.name}_alone_ms": Metric(round(median(alone) * 1e3, 1), "ms", "one caller, median"),
        f"{task.name}_burst_p95_ms": Metric(
            round(percentile(burst, 95) * 1e3, 1), "ms", f"{callers} callers at once, the 95th percentile"
        ),
        f"{task.name}_burst_throughput": Metric(
            round(median(ratios), 2),
            "x",
            f"tasks a second with {callers} callers at once, of those one after the other",
            baseline=1.0,
            target="at least 1",
        ),
    }


def _callers(task: AnyTask) -> int:
    return SLOW_CALLERS if task.tier == "bulk" else CALLERS


async def _measure(tier: Tier, rounds: int) -> dict[AnyTask, tuple[Times, Times, Times]]:
    """Per task: seconds of each call alone, of each call in a burst, and one-by-one over burst by round."""
    async with _running(tier) as ask:
        found = {}
        for task, payload in (await _payloads(tier, ask)).items():
            await ask(task, payload)
            found[task] = await _compare(task, payload, ask, rounds)
        return found


async def _compare(task: AnyTask, payload: Payload, ask: Ask, rounds: int) -> tuple[Times, Times, Times]:
    alone: Times = []
    burst: Times = []
    singly: Times = []
    together: Times = []
    for _ in range(rounds):
        begun = time.monotonic()
        alone += [(await ask(task, payload)).seconds for _ in range(_callers(task))]
        turned = time.monotonic()
        done = await asyncio.gather(*(ask(task, payload) for _ in range(_callers(task))))
        burst += [each.seconds for each in done]
        singly.append(turned - begun)
        together.append(time.monotonic() - turned)
    return alone, burst, [paired_ratio([one], [many]) for one, many in zip(singly, together, strict=True)]


@asynccontextmanager
async def _running(tier: Tier) -> AsyncIterator[Ask]:
    """A tier's scheduler with its models, and how to ask it for a task."""
    with tempfile.TemporaryDirectory() as folder:
        config = SchedulerConfig(
            runtime_dir=Path(folder), state_dir=Path(folder), cache_dir=CACHE, device="cpu", tier=tier
        )
        roles = await asyncio.to_thread(fill_roles, config, CPU)
    executor = Executor(CORES, shared=False, clock=time.monotonic)
    library = library_models(roles)
    scheduler = Scheduler(batched(roles), {}, Nobody(), executor, missing=missing(roles), library=library)
    pool = TaskPool(scheduler.pending, functions_of(tier), limit=2 * CALLERS, threads=CORES)
    loop = asyncio.create_task(scheduler.run())
    try:
        yield _asking(pool)
    finally:
        await pool.close()
        loop.cancel()
        executor.close()


def _asking(pool: TaskPool) -> Ask:
    async def ask(task: AnyTask, payload: Payload) -> TaskDone:
        answer: asyncio.Future[TaskDone | TaskFailed] = asyncio.get_running_loop().create_future()
        request = TaskRequest(0, "benchmark", task.name, msgspec.msgpack.encode(payload), TIMEOUT_S)
        pool.start(object(), request, answer.set_result)
        done = await answer
        assert isinstance(done, TaskDone), f"{task.name}: {done}"
        return done

    return ask


async def _payloads(tier: Tier, ask: Ask) -> dict[AnyTask, Payload]:
    """A payload for each task, of what the packs bring along: a portrait, two voices, a printed page."""
    store = ZooStore(CACHE)
    face = store.file("astronaut", "astronaut.png").read_bytes()
    sound = store.file("two_speakers", "sample.wav").read_bytes()
    if tier == "bulk":
        page = _page("The quick brown fox", "jumps over the lazy dog")
        return {
            AUDIO_DIARIZE: AudioDiarize(audio_b64=sound),
            DOC_OCR: DocOcr(image_b64=page),
            DOC_ID_VERIFY: DocIdVerify(id_image_b64=face, face_image_b64=face),
        }
    face_embed, audio_enroll = FaceEmbed(image_b64=face), AudioEnroll(audio_b64=sound)
    own_face = (await ask(FACE_EMBED, face_embed)).result["embedding_b64"]
    own_voice = (await ask(AUDIO_ENROLL, audio_enroll)).result["embedding_b64"]
    return {
        FACE_EMBED: face_embed,
        FACE_VERIFY: FaceVerify(image_b64=face, reference_embedding_b64=own_face),
        AUDIO_ENROLL: audio_enroll,
        AUDIO_VERIFY: AudioVerify(audio_b64=sound, reference_embedding_b64=own_voice),
        ROOM_SCAN_FRAME: RoomScanFrame(frame_b64=face, economy=True),
    }


def _page(*lines: str) -> bytes:
    sheet = np.full((80 + 60 * len(lines), 900, 3), 255, np.uint8)
    for number, line in enumerate(lines):
        cv2.putText(sheet, line, (40, 80 + 60 * number), cv2.FONT_HERSHEY_DUPLEX, 1.4, (0, 0, 0), 2)
    return bytes(cv2.imencode(".png", sheet)[1])
