"""The worked examples of CONTRIBUTING.md, in a copy of the tree: a task, a stream and a model."""

import http.client
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import cv2
import msgspec
import numpy as np
import pytest

from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import ARGUSD, Daemon, started
from ..task_client import Client
from ..waiting import LONGEST_S
from .model_cache import linked_cache

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "benchmarks", "daemon", "ingest", "interviewer_bridge", "kernels", "scheduler")
BLOCK = re.compile(r"```(?:python|toml)\n# (\S+)\n(.*?)```", re.DOTALL)
STRICT = "silero_vad_strict"
FILES = dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text()))


@pytest.fixture(scope="module")
def daemon(models: ZooStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon of a tree with the example's files and without another change."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, tree / "argusd" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in FILES.items():
        with (tree / "argusd" / name).open("a") as file:
            file.write(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tree))
        cache = cache_with_the_model(tmp_path_factory.mktemp("cache"))
        configured = f'{{vad = "{STRICT}"}}'
        state = tmp_path_factory.mktemp("s")
        with started(state, CACHE_DIR=str(cache), SCHEDULER__MODELS=configured) as daemon:
            yield daemon


@pytest.fixture(scope="module")
def portrait(models: ZooStore) -> bytes:
    """A JPEG of one person."""
    pixels = np.frombuffer(models.file("astronaut", "astronaut.png").read_bytes(), np.uint8)
    return cv2.imencode(".jpg", np.asarray(cv2.imdecode(pixels, cv2.IMREAD_COLOR)))[1].tobytes()


def cache_with_the_model(folder: Path) -> Path:
    """The model cache, and the example's model in it, pulled as its reader would."""
    linked_cache(folder)
    environment = os.environ | {"ARGUSD_CACHE_DIR": str(folder)}
    subprocess.run([*ARGUSD, "models", "pull", STRICT], env=environment, check=True)
    return folder


def test_each_is_one_declaration_and_one_module() -> None:
    assert [Path(name).parent.as_posix() for name in FILES] == [
        "scheduler/contract/tasks",
        "scheduler/tasks",
        "scheduler/contract/streams",
        "scheduler/analyzers",
        "scheduler/zoo",
        "scheduler/models/voices",
        "scheduler/models/voices",
    ]
    assert [name for name in FILES if (ROOT / name).exists()] == ["scheduler/zoo/manifest.toml"]


def test_the_task_is_asked_for_at_its_path_and_by_its_name(daemon: Daemon, portrait: bytes) -> None:
    client = Client(daemon)
    found = client.result("/crowd/count", image_b64=portrait)
    assert found == {"people": 1, "models": {"face_detector": found["models"]["face_detector"]}}
    asked = {"task_type": "crowd_count", "payload": {"image_b64": portrait}}
    assert client.result("/ml/infer", **asked)["people"] == 1
    assert 'ml_infer_duration_seconds_count{task_type="crowd_count"} 2.0' in get(daemon, "/metrics")


def test_both_are_ready_with_the_models_of_their_roles(daemon: Daemon) -> None:
    ready = msgspec.json.decode(get(daemon, "/ready"))
    assert (ready["streams"]["crowd"], ready["tasks"]["crowd_count"]) == (True, True)


def test_the_model_fills_its_role_where_it_is_configured(daemon: Daemon) -> None:
    roles = msgspec.json.decode(get(daemon, "/ready"))["roles"]
    assert [(role["model"], role["ready"]) for role in roles if role["role"] == "vad"] == [(STRICT, True)]


def test_a_payload_that_does_not_fit_is_refused_in_words(daemon: Daemon) -> None:
    status, answer = Client(daemon).post("/crowd/count", image="")
    assert (status, answer["error_code"]) == (422, "invalid_field")
    assert "did you mean image_b64?" in answer["error"]


def test_the_task_and_the_stream_are_documented(daemon: Daemon) -> None:
    document = msgspec.json.decode(get(daemon, "/openapi.json"))
    task = document["paths"]["/crowd/count"]["post"]
    assert task["summary"] == "An image → how many faces it shows."
    reply = task["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    result = document["components"]["schemas"][reply]["properties"]["result"]
    assert {"$ref": "#/components/schemas/CrowdCountReply"} in result["anyOf"]
    assert document["components"]["schemas"]["CrowdCountReply"]["properties"]["people"] == {"type": "integer"}
    assert "/ml/stream/{session_id}/crowd" in document["paths"]
    streams = document["components"]["schemas"]["SessionSpec"]["properties"]["streams"]
    assert "crowd" in str(streams)


async def test_the_stream_is_watched_over_its_websocket(daemon: Daemon, portrait: bytes) -> None:
    url = f"{daemon.url}/ml/stream/s1/crowd"
    async with aiohttp.ClientSession() as http_session, http_session.ws_connect(url) as socket:
        await socket.send_bytes(portrait)
        answer = await socket.receive_json(timeout=LONGEST_S)
    assert (answer["stream"], answer["people"], answer["violations"]) == ("crowd", 1, [])


def get(daemon: Daemon, path: str) -> str:
    connection = http.client.HTTPConnection(urlsplit(daemon.url).netloc, timeout=LONGEST_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
