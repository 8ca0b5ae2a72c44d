"""The api as a process of its own: what it loads, and that killing it loses nothing."""

import subprocess
import sys
from pathlib import Path

import psutil

from argusd.api.streams.media import SLOTS

from .api_process import ApiProcess
from .fakes import FakeScheduler, FakeWorker
from .fixtures import Rig, make_config
from .streams.clients import jpeg

ML_LIBRARIES = ("aiortc", "av", "cv2", "easyocr", "onnx", "onnxruntime", "tflite", "torch")

MOST_BYTES = 250_000_000


def test_the_api_loads_no_ml_library() -> None:
    code = "import argusd.api.app, sys; print(*(name for name in sys.modules if '.' not in name))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()) & set(ML_LIBRARIES) == set()


async def test_killing_the_api_loses_and_doubles_nothing(tmp_path: Path) -> None:
    rig = Rig(FakeWorker(tmp_path / "ingest-0.sock"), FakeScheduler(tmp_path / "scheduler-0.sock"))
    async with ApiProcess(make_config(tmp_path)) as rig.api:
        resource = await rig.api.publish("s1")
        for before in (0, 100, 200):
            for _ in range(100):
                rig.scheduler.find("s1")
            await rig.scheduler.until(lambda before=before: rig.scheduler.acked > before)  # type: ignore[misc]
            await rig.api.restart()
        await rig.scheduler.until(lambda: rig.scheduler.acked == 300)
        seen: list[int] = []
        async with rig.api.events("/sessions/s1/events", "0") as events:
            while len(seen) < 300:
                _, kind, event = await events.next()
                assert kind == ""
                if event["type"] == "observation":
                    seen.append(event["data"]["number"])
        assert seen == list(range(1, 301))
        assert (await rig.api.json("DELETE", resource))[0] == 200
    rig.worker.die()
    rig.scheduler.die()


async def test_the_api_stays_small_with_all_of_its_arena_in_use(tmp_path: Path) -> None:
    scheduler = FakeScheduler(tmp_path / "scheduler-0.sock")
    picture = jpeg(1280, 720)
    filling = picture + bytes(len(picture))  # what a slot was made for is twice the first picture
    async with ApiProcess(make_config(tmp_path)) as api:
        fitting = (api.config.arena_mib << 20) // (SLOTS * len(filling))
        sockets = [await api.http.ws_connect(f"/ml/stream/s{number}/face") for number in range(fitting)]
        for socket in sockets:
            for data in (picture, *SLOTS * [filling]):
                await socket.send_bytes(data)
        last = await api.http.ws_connect("/ml/stream/last/face")
        await last.send_bytes(picture)
        assert (await last.receive_json())["error_code"] == "shm_exhausted"
        memory = psutil.Process(api.pid).memory_info()
        assert memory.shared > (api.config.arena_mib - 8) << 20, "the arena is in use"
        assert memory.rss < MOST_BYTES
    scheduler.die()
