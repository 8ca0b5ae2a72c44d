"""Short tasks on a CPU: one thread does each of them from its first look to its last."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from argusd.scheduler.contract.errors import NoFace
from argusd.scheduler.contract.messages import TaskDone, TaskFailed
from argusd.scheduler.contract.tasks.faces import FaceEmbed
from argusd.scheduler.errors import OutOfMemory
from argusd.scheduler.tasks.pictures import open_picture
from argusd.scheduler.tasks.runner import Runner

from ...waiting import until
from .test_task_pool import Desk, Function, desk_for, grey, jpeg, look_at_it

__all__ = ["desk_for"]

Desks = Callable[..., Desk]
SECRET = "secret"


def always(_: FaceEmbed) -> bool:
    return True


async def look_twice(payload: FaceEmbed, runner: Runner) -> dict[str, Any]:
    first = await runner.infer_picture("face_detector", grey(payload.image_b64[0]))
    thread = await runner.compute(lambda: threading.current_thread().name)
    second = await runner.infer_picture("face_detector", grey(int(first)))
    return {"seen": [first, second], "by": thread.partition("_")[0]}


async def test_its_looks_are_one_threads(desk_for: Desks) -> None:
    desk = desk_for(look_twice, short=always)
    desk.ask()
    assert isinstance(answer := await desk.answer(), TaskDone)
    assert answer.result == {"seen": [2.0, 4.0], "by": "long"}
    assert answer.models == {"face_detector": "fake_vision"}
    assert desk.engine.batches == [1, 1]
    assert desk.rows == 0


async def test_they_count_as_their_models_batches(desk_for: Desks) -> None:
    desk = desk_for(look_twice, short=always)
    desk.loaded.judge("", 0.0)
    desk.ask()
    await desk.answer()
    meters = desk.scheduler.meters
    for counted in (meters.batch_size, meters.infer_seconds):
        assert {name: meter.snapshot().count for name, meter in counted.items()} == {"fake_vision": 2}
    assert desk.loaded.judged_at > 0


async def test_who_came_first_is_done_first(desk_for: Desks) -> None:
    desk = desk_for(look_twice, short=always)
    desk.engine.gate.clear()
    for _ in range(3):
        desk.ask()
    desk.engine.gate.set()
    done = [await desk.answer() for _ in range(3)]
    assert [answer.request for answer in done] == [1, 2, 3]


async def test_what_is_not_short_joins_the_batches(desk_for: Desks) -> None:
    desk = desk_for(look_at_it, short=lambda _: False)
    desk.engine.gate.clear()
    for _ in range(3):
        desk.ask()
    await until(lambda: not desk.executor.state.free)
    desk.engine.gate.set()
    for _ in range(3):
        assert isinstance(await desk.answer(), TaskDone)
    assert max(desk.engine.batches) > 1


async def no_face(_: FaceEmbed, __: Runner) -> dict[str, Any]:
    raise NoFace("There is no face.")


async def mistaken(_: FaceEmbed, __: Runner) -> dict[str, Any]:
    raise KeyError(SECRET)


async def broken_picture(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
    return {"seen": await runner.infer_picture("face_detector", await open_picture(jpeg()[:-40], runner))}


async def read(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
    return {"text": await runner.infer_picture("ocr", grey(1))}


@pytest.mark.parametrize(
    ("function", "code"),
    [
        (no_face, "no_face"),
        (mistaken, "internal_error"),
        (broken_picture, "bad_image"),
        (read, "model_unavailable"),
    ],
)
async def test_what_it_raises_becomes_its_answer(
    desk_for: Desks, function: Function, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = desk_for(function, short=always)
    desk.ask()
    assert isinstance(answer := await desk.answer(), TaskFailed)
    assert answer.code == code
    assert SECRET not in answer.sentence + caplog.text
    assert desk.rows == 0


async def test_at_its_deadline_it_looks_no_more(desk_for: Desks) -> None:
    desk = desk_for(look_twice, short=always)
    desk.engine.gate.clear()
    desk.ask(timeout_s=0.05)
    assert await desk.failure() == "deadline_exceeded"
    desk.engine.gate.set()
    await until(lambda: desk.rows == 0)
    assert desk.engine.batches == [1]


async def test_one_that_is_too_large_for_the_device_is_told_so(desk_for: Desks) -> None:
    desk = desk_for(look_twice, short=always)
    desk.engine.fail = OutOfMemory("no room")
    desk.ask()
    assert await desk.failure() == "overloaded"
    desk.ask()
    assert await desk.failure() == "model_unavailable", "it did not run, and has not been tried since"
