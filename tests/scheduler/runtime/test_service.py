"""The process over real sockets and arenas; the models are real only where a test says so."""

import asyncio
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import cv2
import msgspec
import numpy as np
import pytest

from argusd.ingest.ipc.channel import Channel, Listener
from argusd.ingest.ipc.messages import ArenaOffer, ToWorker, TrackOpened
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.frame import i420_info
from argusd.ingest.shm.ring import FrameRing
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import (
    Finding,
    FindingsAck,
    FromScheduler,
    Latest,
    Left,
    PoliciesListed,
    PolicyApplied,
    SchedulerStats,
    SessionEnded,
    SessionOver,
    SessionPolicy,
    Stopped,
    TaskDone,
    TaskFailed,
    TaskRequest,
)
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.tasks.faces import FaceEmbed
from argusd.scheduler.contract.tiers import Tier
from argusd.scheduler.errors import EXIT_HUNG
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.report.delivery import Delivery
from argusd.scheduler.runtime import service
from argusd.scheduler.runtime.service import Service, run_scheduler
from argusd.scheduler.runtime.task_pool import TaskPool
from argusd.scheduler.tasks.runner import Picture, Runner
from argusd.scheduler.zoo.store import ZooStore

from ...waiting import LONGEST_S, until
from ..bench import Driven
from ..fakes import (
    ALICE,
    BOB,
    FakeEngine,
    FakeStreams,
    FakeVision,
    break_analyzer,
)

SOCKET_NAME = "scheduler-0.sock"
CURVE = BatchCurve(sizes=[1], seconds=[0.001])


class Api:
    """The api's end: keeps what it hears by type."""

    def __init__(self, path: Path) -> None:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(path))
        self._heard: dict[type, asyncio.Queue[Any]] = {}
        self.channel = Channel[Any](sock, FromScheduler, self._hear)

    def _hear(self, message: Any) -> None:
        self._heard.setdefault(type(message), asyncio.Queue()).put_nowait(message)

    def heard(self, kind: type) -> int:
        """How many messages of a type wait to be read."""
        return self._heard[kind].qsize() if kind in self._heard else 0

    async def next(self, kind: type) -> Any:
        return await asyncio.wait_for(self._heard.setdefault(kind, asyncio.Queue()).get(), LONGEST_S)


class Camera:
    """An ingest worker's socket with one video track of one session."""

    def __init__(self, path: Path, media: MediaKey, picture: np.ndarray) -> None:
        rows, columns = picture.shape[0] * 2 // 3, picture.shape[1]
        self._info = i420_info(columns, rows)
        flat, half = picture.reshape(-1), rows * columns // 4
        luma, blue, red = np.split(flat, [4 * half, 5 * half])
        self._planes = [
            luma.reshape(rows, columns),
            blue.reshape(rows // 2, columns // 2),
            red.reshape(rows // 2, columns // 2),
        ]
        self._media = media
        self._arena = Arena(8 << 20)
        self._ring = FrameRing(self._arena, 4, self._info.nbytes)
        self.listener = Listener(path, self._accept)

    def _accept(self, sock: socket.socket) -> None:
        self.channel = Channel[Any](sock, ToWorker, lambda _: None)
        self.channel.send(ArenaOffer("camera"), list(self._arena.attach()))
        self.channel.send(TrackOpened(self._media, "video", self._ring.place, self._ring.generation))

    def show(self, arrival: float) -> None:
        self._ring.write(self._planes, msgspec.structs.replace(self._info, arrival_ns=int(arrival * 1e9)))

    def close(self) -> None:
        self.listener.close()
        self.channel.close()


@pytest.mark.parametrize(("tier", "count", "cores"), [("live", 2, 4), ("live", 16, 1), ("bulk", 2, 8)])
def test_live_schedulers_share_the_cores(tmp_path: Path, tier: Tier, count: int, cores: int) -> None:
    config = SchedulerConfig(
        runtime_dir=tmp_path, state_dir=tmp_path, cache_dir=tmp_path, tier=tier, count=count
    )
    assert service.share_of(config, 8) == cores


@asynccontextmanager
async def serving(config: SchedulerConfig) -> AsyncIterator[None]:
    """``run_scheduler`` until the block ends."""
    stop, is_ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run_scheduler(config, stop, is_ready.set))
    waiting = asyncio.create_task(is_ready.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    yield
    stop.set()
    await asyncio.wait_for(task, LONGEST_S)


@pytest.fixture
def config(tmp_path: Path) -> SchedulerConfig:
    return SchedulerConfig(runtime_dir=tmp_path, state_dir=tmp_path / "state", cache_dir=tmp_path / "cache")


async def test_roles_without_weights_name_the_command_that_gets_them(config: SchedulerConfig) -> None:
    async with serving(config):
        api = Api(config.runtime_dir / SOCKET_NAME)
        stats: SchedulerStats = await api.next(SchedulerStats)
        assert [status.role for status in stats.roles] == [
            "face_detector",
            "face_embedder",
            "face_mesh",
            "lip_sync",
            "object_detector",
            "speaker_embedder",
            "vad",
        ]
        for status in stats.roles:
            assert not status.ready
            assert "argusd models pull" in status.detail
        assert stats.fits_more == 0
        api.channel.close()
    assert not (config.runtime_dir / SOCKET_NAME).exists()


async def look(_: FaceEmbed, runner: Runner) -> dict[str, Any]:
    """The only task here."""
    return {"seen": await runner.infer_picture("face_detector", Picture(np.full((8, 8, 3), 7, np.uint8)))}


class Serving(Driven):
    """A service around a fake model."""

    def __init__(self, config: SchedulerConfig) -> None:
        self.engine = FakeEngine()
        self.face = FakeStreams("face", {"face_detector": 4.0})
        self.exit_codes: asyncio.Queue[int] = asyncio.Queue()
        self.stop = asyncio.Event()
        delivery = Delivery("boot", config.findings_kept, lambda: self.now)
        models = [("face_detector", LoadedVisionModel(FakeVision(), self.engine, CURVE))]
        super().__init__(models, {"face": self.face}, delivery, 1, abort=self.exit_codes.put_nowait)
        tasks = TaskPool(self.scheduler.pending, {"face_embed": look}, limit=4, threads=1)
        self.service = Service(config, "cpu", [], self.scheduler, delivery, tasks)
        self.camera = Camera(config.runtime_dir / "ingest-0.sock", ALICE, np.full((72, 64), 21, np.uint8))
        self.path = config.runtime_dir / SOCKET_NAME


@pytest.fixture
async def bench(config: SchedulerConfig) -> AsyncIterator[Serving]:
    bench = Serving(config)
    is_ready = asyncio.Event()
    task = asyncio.create_task(bench.service.run(bench.stop, is_ready.set))
    await is_ready.wait()
    yield bench
    bench.engine.gate.set()
    bench.stop.set()
    await asyncio.wait_for(task, LONGEST_S)
    bench.camera.close()


async def test_from_a_policy_and_a_frame_to_a_finding_and_its_end(bench: Serving) -> None:
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    await until(lambda: bool(bench.face.made))
    bench.camera.show(bench.now)
    finding: Finding = await api.next(Finding)
    assert (finding.media, finding.number, finding.data) == (ALICE, 1, {"output": 42.0})
    assert (await api.next(Latest)).models == {"face_detector": "fake_vision"}
    api.channel.send(SessionEnded(7, ALICE))
    assert (await api.next(Finding)).state == "end"
    assert await api.next(SessionOver) == SessionOver(7, "boot", last_number=2)
    api.channel.send(FindingsAck("boot", 2))
    api.channel.send(SessionEnded(8, ALICE))
    assert await api.next(SessionOver) == SessionOver(8, "boot", last_number=0), "all of it is stored"
    api.channel.close()


async def test_a_scheduler_that_stops_ends_what_is_open_and_says_that_this_was_all(
    bench: Serving,
) -> None:
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    await until(lambda: bool(bench.face.made))
    api.channel.send(SessionPolicy(BOB, ["face"], kinds=["audio"]))
    lost: Finding = await api.next(Finding)
    assert (lost.media, lost.name, lost.state) == (BOB, "video_lost", "start")
    bench.stop.set()
    ends = [await api.next(Finding) for _ in range(2)]
    assert {(each.media, each.state) for each in ends} == {(ALICE, "end"), (BOB, "end")}
    assert await api.next(Stopped) == Stopped("boot", last_number=3)
    assert not bench.path.exists(), "who connects now looks for the next life"
    assert not api.channel.closed.done(), "the last findings are not stored yet"
    api.channel.send(Left())
    api.channel.send(FindingsAck("boot", 3))
    await api.channel.closed


async def test_a_scheduler_that_stops_does_all_tasks_that_were_sent_before_the_api_left(
    bench: Serving,
) -> None:
    api = Api(bench.path)
    bench.engine.gate.clear()
    payload = msgspec.msgpack.encode(FaceEmbed(image_b64=b"picture"))
    api.channel.send(TaskRequest(1, "s1", "face_embed", payload, LONGEST_S))
    await until(lambda: bench.scheduler.executor.state.free == 0)
    bench.stop.set()
    await api.next(Stopped)
    api.channel.send(TaskRequest(2, "s1", "face_embed", payload, LONGEST_S))
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    bench.engine.gate.set()
    assert {(await api.next(TaskDone)).request for _ in range(2)} == {1, 2}
    assert bench.scheduler.sessions.policies == set()
    assert not api.channel.closed.done(), "more may be on its way"
    api.channel.send(Left())
    await api.channel.closed


async def test_a_policy_is_answered_once_it_is_in_force(bench: Serving) -> None:
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"], version=3))
    assert await api.next(PolicyApplied) == PolicyApplied(ALICE, 3)
    assert bench.scheduler.sessions.policies == {ALICE}
    api.channel.send(SessionPolicy(ALICE, ["face"], Policy(weight=2.0), version=4))
    assert await api.next(PolicyApplied) == PolicyApplied(ALICE, 4)
    assert [policy.weight for policy in bench.face.made[0].policies] == [2.0]
    again = Api(bench.path)
    again.channel.send(SessionPolicy(ALICE, ["face"], Policy(weight=2.0), version=4))
    assert await again.next(PolicyApplied) == PolicyApplied(ALICE, 4), "where it was sent again"
    assert api.heard(PolicyApplied) == 0
    api.channel.close()
    again.channel.close()


async def test_sessions_live_on_while_the_api_is_away(bench: Serving) -> None:
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    await until(lambda: bool(bench.face.made))
    api.channel.close()
    bench.camera.show(bench.now)
    await until(lambda: bool(bench.face.made[0].absorbed))
    again = Api(bench.path)
    assert (await again.next(Finding)).number == 1
    again.channel.close()


async def test_that_a_stream_failed_is_told_until_it_is_acknowledged(bench: Serving) -> None:
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    await until(lambda: bool(bench.face.made))
    break_analyzer(bench.face.made[0], "absorb")
    bench.camera.show(bench.now)
    assert (await api.next(Finding)).state == "end"
    failed: Finding = await api.next(Finding)
    assert (failed.type, failed.stream, failed.name) == ("session", "media", "stream_failed")
    assert failed.data == {"code": "analyzer_failed", "stream": "face"}
    api.channel.close()
    again = Api(bench.path)
    again.channel.send(SessionPolicy(ALICE, ["face"]))
    assert [await again.next(Finding) for _ in range(2)][1] == failed
    result: Latest = await again.next(Latest)
    assert (result.state, result.reason) == ("unknown", "stream_failed")
    assert (await again.next(SchedulerStats)).stream_failures == {"face": {"analyzer_failed": 1}}
    again.channel.close()


async def test_sessions_that_a_new_api_does_not_list_end(bench: Serving) -> None:
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    api.channel.send(SessionPolicy(BOB, ["face"]))
    await until(lambda: bench.scheduler.sessions.policies == {ALICE, BOB})
    api.channel.close()
    again = Api(bench.path)
    again.channel.send(SessionPolicy(BOB, ["face"]))
    again.channel.send(PoliciesListed())
    await until(lambda: bench.scheduler.sessions.policies == {BOB})
    again.channel.close()


async def test_a_batch_that_does_not_come_back_ends_the_process(
    bench: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "REPORT_INTERVAL_S", 0.01)
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    await until(lambda: bool(bench.face.made))
    bench.engine.gate.clear()
    bench.camera.show(bench.now)
    await until(lambda: bench.scheduler.executor.state.free == 0)
    assert bench.exit_codes.empty()
    bench.now += 21
    assert await asyncio.wait_for(bench.exit_codes.get(), LONGEST_S) == EXIT_HUNG
    api.channel.close()


def test_the_process_ends_with_the_code_it_was_given() -> None:
    script = "from argusd.scheduler.runtime.service import end_process; end_process(75)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=LONGEST_S).returncode == 75


@pytest.mark.weights
async def test_real_models_see_the_astronaut(store: ZooStore, config: SchedulerConfig) -> None:
    path = store.path("astronaut")
    picture = cv2.imread(str(path))
    assert picture is not None
    planar = cv2.cvtColor(cv2.resize(picture, (480, 480)), cv2.COLOR_BGR2YUV_I420)
    camera = Camera(config.runtime_dir / "ingest-0.sock", ALICE, planar)

    async def film() -> None:
        while True:
            camera.show(time.monotonic())
            await asyncio.sleep(1 / 15)

    async with serving(msgspec.structs.replace(config, cache_dir=path.parents[2])):
        filming = asyncio.create_task(film())
        api = Api(config.runtime_dir / SOCKET_NAME)
        api.channel.send(SessionPolicy(ALICE, ["face", "video"]))
        faces = persons = 0
        async with asyncio.timeout(LONGEST_S):
            while (faces, persons) != (1, 1):
                latest: Latest = await api.next(Latest)
                faces = latest.data.get("face_count", faces)
                persons = latest.data.get("person_count", persons)
        stats: SchedulerStats = await api.next(SchedulerStats)
        assert all(status.ready for status in stats.roles if status.live)
        async with asyncio.timeout(LONGEST_S):
            while stats.active_sessions != {"face": 1, "video": 1, "audio": 0, "lipsync": 0}:
                stats = await api.next(SchedulerStats)
        filming.cancel()
        api.channel.close()
    camera.close()


def task(number: int, task_type: str = "face_embed") -> TaskRequest:
    payload = msgspec.msgpack.encode(FaceEmbed(image_b64=b"x"))
    return TaskRequest(number, "alice", task_type, payload, LONGEST_S)


async def test_a_task_is_answered_where_it_was_asked_for(bench: Serving) -> None:
    asking, other = Api(bench.path), Api(bench.path)
    asking.channel.send(task(7))
    done = await asking.next(TaskDone)
    assert (done.request, done.result, done.models) == (7, {"seen": 14.0}, {"face_detector": "fake_vision"})
    other.channel.send(task(8, "doc_ocr"))
    failed = await other.next(TaskFailed)
    assert (failed.request, failed.code) == (8, "unknown_task")
    assert asking.heard(TaskFailed) == other.heard(TaskDone) == 0
    asking.channel.close()
    other.channel.close()


async def test_an_api_that_is_gone_takes_its_tasks_along(bench: Serving) -> None:
    bench.engine.gate.clear()
    api = Api(bench.path)
    api.channel.send(task(1))
    await until(lambda: bench.scheduler.executor.state.free == 0)
    api.channel.close()
    bench.engine.gate.set()
    await until(lambda: not bench.scheduler.demand.active.any())


async def test_a_session_that_ended_makes_room_before_the_next_second(
    bench: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "REPORT_INTERVAL_S", 3600.0)
    api = Api(bench.path)
    api.channel.send(SessionPolicy(ALICE, ["face"]))
    await until(lambda: bool(bench.face.made))
    greeting: SchedulerStats = await api.next(SchedulerStats)
    api.channel.send(SessionEnded(1, ALICE))
    after: SchedulerStats = await api.next(SchedulerStats)
    assert greeting.active_sessions == after.active_sessions == {"face": 0}
    api.channel.close()


async def test_a_job_that_goes_on_after_its_task_does_not_hold_up_the_end(bench: Serving) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        go_on.wait(LONGEST_S)

    pool = bench.service._tasks
    working = asyncio.create_task(pool.threads.run(job, bench.now))
    await asyncio.to_thread(begun.wait, 10)
    bench.stop.set()
    assert await asyncio.wait_for(bench.exit_codes.get(), LONGEST_S) == 0
    go_on.set()
    await working


@pytest.mark.parametrize("at_work", ["batch", "job"])
async def test_a_task_that_hangs_ends_the_process(
    bench: Serving, monkeypatch: pytest.MonkeyPatch, at_work: str
) -> None:
    """Either in a batch of the loop, or in what a library does for the task alone."""
    monkeypatch.setattr(service, "REPORT_INTERVAL_S", 0.01)
    api, go_on = Api(bench.path), threading.Event()
    if at_work == "batch":
        bench.engine.gate.clear()
        api.channel.send(task(1))
        await until(lambda: bench.scheduler.executor.state.free == 0)
        bench.now += 21
    else:
        long_ago = time.monotonic() - 100
        monkeypatch.setattr(bench.service._tasks.threads, "_last_end", long_ago)
        working = asyncio.create_task(
            bench.service._tasks.threads.run(lambda: go_on.wait(LONGEST_S), long_ago)
        )
    assert await asyncio.wait_for(bench.exit_codes.get(), LONGEST_S) == EXIT_HUNG
    go_on.set()
    if at_work == "job":
        await working
    api.channel.close()


class Ended(BaseException):
    """The process has ended."""


async def test_a_process_that_is_told_to_end_while_it_loads_does_so(
    config: SchedulerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def load(*_: object) -> list[Any]:
        begun.set()
        go_on.wait(LONGEST_S)
        return []

    def end(code: int) -> NoReturn:
        go_on.set()
        raise Ended(code)

    monkeypatch.setattr(service, "fill_roles", load)
    monkeypatch.setattr(service, "end_process", end)
    process = asyncio.create_task(run_scheduler(config, asyncio.Event(), lambda: None))
    await asyncio.to_thread(begun.wait, 20)
    process.cancel()  # what a signal does until the process has said that it is ready
    with pytest.raises(Ended):
        await process
