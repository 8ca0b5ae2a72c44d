"""Tasks on a real loop with a real executor, one fake model of frames and one of samples."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, NoReturn

import cv2
import msgspec
import numpy as np
import pytest

from argusd.kernels.pictures.image import decode_image
from argusd.scheduler.contract.errors import NoFace
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy, TaskDone, TaskFailed, TaskRequest
from argusd.scheduler.contract.tasks.faces import FaceEmbed
from argusd.scheduler.errors import EXIT_DEVICE_LOST, DeviceLost, InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.loaded_model import LONG_S
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.runtime.at_once import LoadedTask
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.runtime.task_pool import TaskPool
from argusd.scheduler.tasks import pictures
from argusd.scheduler.tasks.functions import Short
from argusd.scheduler.tasks.pictures import open_picture
from argusd.scheduler.tasks.runner import Picture, Runner
from argusd.scheduler.tracing.traces import NO_TRACES, Traces

from ...waiting import LONGEST_S
from ..fakes import (
    WINDOW,
    ArenaWithTracks,
    FakeAudio,
    FakeEngine,
    FakeStreams,
    FakeVision,
    HeardFindings,
    write_frame,
)

CURVE = BatchCurve(sizes=[1, 4], seconds=[0.001, 0.0012])
Function = Callable[[Any, Runner], Coroutine[Any, Any, dict[str, Any]]]


def grey(brightness: int) -> Picture:
    return Picture(np.full((48, 64, 3), brightness, np.uint8))


class Desk:
    """A scheduler that runs, and a pool whose only task is what a test says."""

    def __init__(
        self,
        function: Function,
        limit: int = 64,
        short: Short | None = None,
        traces: Traces = NO_TRACES,
    ) -> None:
        self.engine, self.ears = FakeEngine(), FakeEngine()
        self.heard = HeardFindings()
        self.streams = FakeStreams("face", {"face_detector": 1.0})
        self.loaded = LoadedVisionModel(FakeVision(), self.engine, CURVE)
        self.audio = FakeAudio()
        self.executor = Executor(1, shared=short is None, clock=lambda: 0.0)
        self.scheduler = Scheduler(
            [
                ("face_detector", self.loaded),
                ("vad", LoadedAudioModel(self.audio, self.ears, CURVE)),
                *([] if short is None else [("face_embed", LoadedTask("face_embed", 2 * LONG_S))]),
            ],
            {"face": self.streams},
            self.heard,
            self.executor,
            missing={"ocr": "easyocr_en is not here; run: argusd models pull easyocr_en"},
            traces=traces,
        )
        self.traceparent = ""
        self.exit_codes: list[int] = []
        self.pool = TaskPool(
            self.scheduler.pending,
            {"face_embed": function},
            limit=limit,
            threads=2,
            short={} if short is None else {"face_embed": short},
            abort=self.exit_codes.append,
            traces=traces,
        )
        self.answers: asyncio.Queue[TaskDone | TaskFailed] = asyncio.Queue()
        self._loop = asyncio.create_task(self.scheduler.run())
        self._number = 0

    def ask(self, timeout_s: float = LONGEST_S, owner: str = "api", task_type: str = "face_embed") -> int:
        self._number += 1
        payload = msgspec.msgpack.encode(FaceEmbed(image_b64=bytes([self._number])))
        request = TaskRequest(self._number, "session", task_type, payload, timeout_s, self.traceparent)
        self.pool.start(owner, request, self.answers.put_nowait)
        return self._number

    async def answer(self) -> TaskDone | TaskFailed:
        async with asyncio.timeout(LONGEST_S):
            return await self.answers.get()

    async def failure(self) -> str:
        answer = await self.answer()
        assert isinstance(answer, TaskFailed)
        return answer.code

    @property
    def rows(self) -> int:
        return int(self.scheduler.demand.active.sum())

    async def close(self) -> None:
        self.engine.gate.set()
        await self.pool.close()
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        self.executor.close()


@pytest.fixture
async def desk_for() -> AsyncIterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def make(function: Function, **options: Any) -> Desk:
        desks.append(Desk(function, **options))
        return desks[-1]

    yield make
    for desk in desks:
        await desk.close()


async def look_at_it(payload: FaceEmbed, runner: Runner) -> dict[str, Any]:
    return {"seen": await runner.infer_picture("face_detector", grey(payload.image_b64[0]))}


async def test_a_look_comes_back_with_its_model(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    desk.ask()
    answer = await desk.answer()
    assert isinstance(answer, TaskDone)
    assert (answer.request, answer.result, answer.models) == (
        1,
        {"seen": 2.0},
        {"face_detector": "fake_vision"},
    )
    assert desk.rows == 0


def jpeg(height: int = 48) -> bytes:
    return cv2.imencode(".jpg", np.full((height, 64, 3), 7, np.uint8))[1].tobytes()


@pytest.mark.parametrize(("data", "thread"), [(jpeg(), "executor"), (jpeg(20_000), "task")])
async def test_who_prepares_a_small_jpeg_for_the_model_decodes_it(
    desk_for: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch, data: bytes, thread: str
) -> None:
    async def look(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
        return {"seen": await runner.infer_picture("face_detector", await open_picture(data, runner))}

    decoded_by: list[str] = []

    def decode(*args: Any) -> Any:
        decoded_by.append(threading.current_thread().name.partition("_")[0])
        return decode_image(*args)

    monkeypatch.setattr(pictures, "decode_image", decode)
    desk = desk_for(look)
    desk.ask()
    assert isinstance(answer := await desk.answer(), TaskDone)
    assert answer.result["seen"] == pytest.approx(14, abs=2)
    assert decoded_by == [thread]


async def test_what_is_wrong_with_a_small_jpeg_is_told(desk_for: Callable[..., Desk]) -> None:
    async def look(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
        return {"seen": await runner.infer_picture("face_detector", await open_picture(jpeg()[:-40], runner))}

    desk = desk_for(look)
    desk.ask()
    assert isinstance(answer := await desk.answer(), TaskFailed)
    assert (answer.code, answer.sentence) == (
        "bad_image",
        "The image cannot be used: the JPEG cannot be decoded, it is damaged or incomplete.",
    )
    assert desk.rows == 0


async def test_tasks_and_streams_share_a_batch(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    tracks = ArenaWithTracks()
    ring, ref = tracks.frames()
    desk.engine.gate.clear()
    desk.ask()  # keeps the only thread, so that what comes now gathers
    while desk.executor.state.free:  # noqa: ASYNC110 - threads set no event
        await asyncio.sleep(0)
    desk.scheduler.sessions.ring_opened(MediaKey("s"), ref)
    desk.scheduler.sessions.set_policy(SessionPolicy(MediaKey("s"), ["face"]))
    write_frame(ring, 100, arrival=asyncio.get_running_loop().time())
    for _ in range(2):
        desk.ask()
    desk.scheduler.awake()
    desk.engine.gate.set()
    results = [answer.result["seen"] for _ in range(3) if isinstance(answer := await desk.answer(), TaskDone)]
    assert results == [2.0, 4.0, 6.0]
    assert desk.engine.batches == [1, 3]
    assert [output for _, output, _ in desk.streams.made[0].absorbed] == [200.0]


async def test_windows_are_heard_each_on_its_own(desk_for: Callable[..., Desk]) -> None:
    async def listen(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
        windows = np.repeat(np.arange(6, dtype=np.int16), WINDOW).reshape(6, WINDOW)
        return {"heard": await runner.infer_windows("vad", windows)}

    desk = desk_for(listen)
    desk.ask()
    answer = await desk.answer()
    assert isinstance(answer, TaskDone)
    assert answer.result["heard"] == [(n, 1) for n in range(6)]
    assert sum(desk.ears.batches) == 6
    assert max(desk.ears.batches) <= CURVE.max_batch


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        pytest.param(NoFace("There is no face."), "no_face", id="the task's own"),
        pytest.param(RuntimeError("secret"), "internal_error", id="a mistake"),
    ],
)
async def test_what_a_task_raises_becomes_its_answer(
    desk_for: Callable[..., Desk],
    raised: Exception,
    told: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_: FaceEmbed, __: Runner) -> dict[str, Any]:
        raise raised

    desk = desk_for(fail)
    desk.ask()
    answer = await desk.answer()
    assert isinstance(answer, TaskFailed)
    assert answer.code == told
    assert "secret" not in answer.sentence + caplog.text


async def test_a_role_without_a_model_names_the_command(desk_for: Callable[..., Desk]) -> None:
    async def read(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
        return {"text": await runner.infer_picture("ocr", grey(1))}

    desk = desk_for(read)
    desk.ask()
    answer = await desk.answer()
    assert isinstance(answer, TaskFailed)
    assert answer.code == "model_unavailable"
    assert "argusd models pull easyocr_en" in answer.sentence


async def test_a_task_that_is_not_this_threads_is_refused(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    desk.ask(task_type="doc_ocr")
    assert await desk.failure() == "unknown_task"


async def test_a_deadline_ends_the_task_and_gives_its_rows_back(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    desk.engine.gate.clear()
    desk.ask(timeout_s=0.05)
    assert await desk.failure() == "deadline_exceeded"
    assert desk.rows == 1  # a batch holds it still
    desk.engine.gate.set()
    desk.ask()
    assert isinstance(await desk.answer(), TaskDone)
    assert desk.rows == 0


async def test_a_batch_that_fails_fails_its_tasks(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    desk.engine.fail = InferenceFailed("no")
    desk.ask()
    assert await desk.failure() == "inference_failed"
    desk.ask()
    assert isinstance(await desk.answer(), TaskDone)


async def test_a_batch_too_large_for_the_device_runs_again_in_smaller_ones(
    desk_for: Callable[..., Desk],
) -> None:
    async def look_four_times(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
        return {
            "seen": await asyncio.gather(*(runner.infer_picture("face_detector", grey(n)) for n in range(4)))
        }

    desk = desk_for(look_four_times)
    desk.engine.fail = OutOfMemory("no room")
    desk.ask()
    answer = await desk.answer()
    assert isinstance(answer, TaskDone)
    assert answer.result == {"seen": [0.0, 2.0, 4.0, 6.0]}
    assert desk.loaded.max_batch == 2
    assert desk.engine.batches == [2, 2]


async def test_more_tasks_than_may_run_are_turned_away(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it, limit=2)
    desk.engine.gate.clear()
    for _ in range(3):
        desk.ask()
    assert await desk.failure() == "overloaded"
    desk.engine.gate.set()
    assert [(await desk.answer()).request for _ in range(2)] == [1, 2]


async def test_a_cancelled_task_gives_no_answer(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    desk.engine.gate.clear()
    first, second = desk.ask(), desk.ask()
    await asyncio.sleep(0)
    desk.pool.cancel("api", first)
    desk.engine.gate.set()
    assert (await desk.answer()).request == second
    assert desk.answers.empty()


async def test_tasks_end_with_the_connection_that_asked_for_them(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    desk.engine.gate.clear()
    desk.ask(owner="old api")
    kept = desk.ask(owner="new api")
    await asyncio.sleep(0)
    desk.pool.forget("old api")
    desk.engine.gate.set()
    assert (await desk.answer()).request == kept
    assert desk.answers.empty()


async def test_what_is_at_work_can_be_awaited(
    desk_for: Callable[..., Desk],
) -> None:
    finish = threading.Event()

    async def work(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
        return {"done": await runner.compute(lambda: finish.wait(LONGEST_S))}

    desk = desk_for(work)
    desk.ask()
    await asyncio.sleep(0)
    finish.set()
    await desk.pool.finished()
    answer = await desk.answer()
    assert isinstance(answer, TaskDone)
    assert answer.result == {"done": True}


async def test_a_task_that_does_not_end_is_given_up(
    desk_for: Callable[..., Desk],
) -> None:
    async def never(_: FaceEmbed, __: Runner) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    desk = desk_for(never)
    desk.ask()
    await desk.pool.close()
    await desk.pool.finished()
    assert desk.answers.empty()


async def test_shares_of_ended_tasks_are_used_again(desk_for: Callable[..., Desk]) -> None:
    desk = desk_for(look_at_it)
    for _ in range(40):
        desk.ask()
        await desk.answer()
    assert len(desk.scheduler.demand.shares.weight) == 16  # never grew beyond its first size
    assert len(desk.scheduler.demand.active) == 16


def raising(error: Exception) -> Function:
    """A task that breaks off beside the loop, as where its model's own library does."""

    def work() -> NoReturn:
        raise error

    async def function(payload: FaceEmbed, runner: Runner) -> dict[str, Any]:
        return await runner.compute(work)

    return function


@pytest.mark.parametrize(
    "error",
    [
        DeviceLost("gone"),
        RuntimeError("CUDA error: device-side assert triggered\nCUDA kernel errors might be"),
    ],
)
async def test_a_device_that_is_lost_outside_of_batches_ends_the_process(
    desk_for: Callable[..., Desk], error: Exception
) -> None:
    desk = desk_for(raising(error))
    desk.ask()
    await desk.answer()
    assert desk.exit_codes == [EXIT_DEVICE_LOST]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OutOfMemory("no room"), "overloaded"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."), "overloaded"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "internal_error"),
        (KeyError("CUDA error: device-side assert triggered"), "internal_error"),
    ],
)
async def test_what_breaks_off_a_task_otherwise_breaks_off_nothing_else(
    desk_for: Callable[..., Desk], error: Exception, code: str
) -> None:
    desk = desk_for(raising(error))
    desk.ask()
    assert await desk.failure() == code
    assert desk.exit_codes == []


async def test_an_item_that_alone_is_too_large_for_the_device_is_told_so(
    desk_for: Callable[..., Desk],
) -> None:
    desk = desk_for(look_at_it)
    desk.engine.fail = OutOfMemory("no room")
    desk.ask()
    assert await desk.failure() == "overloaded"
    desk.engine.fail = None
    desk.ask()
    assert await desk.failure() == "model_unavailable", "it did not run, and has not been tried since"
