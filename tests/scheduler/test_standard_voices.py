"""The standard pack's voices from the hub to a task's answer: token, store, importer, library, task.

The hub is a stand-in with random weights in the published form; its addresses are the manifest's own.
"""

import warnings
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import numpy as np
import pytest

from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.roles import DIARIZER, VAD
from argusd.scheduler.contract.tasks.voices import AudioDiarize, AudioEnroll
from argusd.scheduler.core import LibraryModel
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loading import load
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.tasks.diarize import audio_diarize
from argusd.scheduler.tasks.voices import audio_enroll
from argusd.scheduler.zoo import huggingface
from argusd.scheduler.zoo.errors import GatedModelError
from argusd.scheduler.zoo.manifest import HuggingFaceSource, Manifest, ModelEntry, builtin_manifest
from argusd.scheduler.zoo.store import ZooStore

from .models.voices.published_pyannote import publish
from .recordings import Runner
from .tasks.direct_runner import DirectRunner
from .zoo.https_server import Answer, HttpsHost, Request, https_host

pytestmark = [
    pytest.mark.weights,
    pytest.mark.slow,
    pytest.mark.timeout(300),  # seconds of a free machine, many of a busy one
    pytest.mark.filterwarnings("ignore"),
]

TOKEN = "hf_s3cret"
# Each file of the hub: who may have it, and which of the random ones it is.
OPEN, GATED = "pyannote/wespeaker-voxceleb-resnet34-LM", "pyannote/segmentation-3.0"
COMMUNITY = "pyannote/speaker-diarization-community-1"
FILES = {
    (OPEN, "pytorch_model.bin"): "embedding/pytorch_model.bin",
    (GATED, "pytorch_model.bin"): "segmentation/pytorch_model.bin",
    (COMMUNITY, "segmentation/pytorch_model.bin"): "segmentation/pytorch_model.bin",
    (COMMUNITY, "embedding/pytorch_model.bin"): "embedding/pytorch_model.bin",
    (COMMUNITY, "plda/plda.npz"): "plda/plda.npz",
    (COMMUNITY, "plda/xvec_transform.npz"): "plda/xvec_transform.npz",
}
VOICES = ("wespeaker", "pyannote_community_1", "pyannote_3_1")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        publish(folder)
    return folder


@pytest.fixture
def hub(
    published: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HttpsHost]:
    with https_host(tmp_path_factory.mktemp("hub")) as (host, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        monkeypatch.setattr(huggingface, "HUB", host.url)

        def answer(request: Request) -> Answer:
            path = unquote(request.path).removeprefix("/")
            if path.startswith("kept/"):
                return Answer(body=(published / path.removeprefix("kept/")).read_bytes())
            repo, _, rest = path.partition("/resolve/")
            if repo != OPEN and request.authorization != f"Bearer {TOKEN}":
                return Answer(401, headers={"X-Error-Code": "GatedRepo"})
            kept = FILES[repo, rest.partition("/")[2]]
            return Answer(302, headers={"Location": f"{host.other_url}/kept/{kept}"})

        host.answer = answer
        yield host


@pytest.fixture(scope="module")
def manifest(published: Path) -> Manifest:
    """The built-in entries, whose files have the random ones' hashes."""
    return Manifest(tuple(with_hashes(builtin_manifest().entry(name), published) for name in VOICES))


def with_hashes(entry: ModelEntry, published: Path) -> ModelEntry:
    files = []
    for file in entry.files:
        (source,) = file.sources
        assert isinstance(source, HuggingFaceSource)
        content = (published / FILES[source.repo, source.file]).read_bytes()
        files.append(msgspec.structs.replace(file, sha256=sha256(content).hexdigest()))
    return msgspec.structs.replace(entry, files=tuple(files))


class VoiceRunner(DirectRunner):
    """The real voice detector, WeSpeaker's architecture, and a diarizer."""

    def __init__(self, store: ZooStore, pulled: ZooStore, diarizer: LoadedModel | LibraryModel) -> None:
        runners = {VAD: Runner(store, "silero_vad"), "speaker_embedder": Runner(pulled, "wespeaker")}
        super().__init__(runners.__getitem__)
        self._diarizer = diarizer

    def model(self, role: str) -> Any:
        return self._diarizer if role == DIARIZER else super().model(role)


def test_without_a_token_what_is_open_comes_and_the_rest_says_what_to_do(
    hub: HttpsHost, manifest: Manifest, tmp_path: Path
) -> None:
    store = ZooStore(tmp_path, manifest)
    failures = store.pull_each(["standard"])
    assert list(failures) == ["pyannote_community_1", "pyannote_3_1"]
    for failure in failures.values():
        assert isinstance(failure, GatedModelError)
        assert "HUGGINGFACE_TOKEN" in str(failure)
    assert store.is_present("wespeaker")


async def test_with_a_token_all_come_and_serve(
    hub: HttpsHost, manifest: Manifest, store: ZooStore, tmp_path: Path
) -> None:
    pulled = ZooStore(tmp_path, manifest, TOKEN)
    assert pulled.pull_each(["standard"]) == {}
    assert pulled.verify() == []
    shown = {request.authorization for request in hub.requests if request.path.startswith("/kept/")}
    assert shown == {None}  # the token stays with the hub

    noise = np.random.default_rng(0).normal(0, 2000, 10 * SAMPLE_RATE).astype("<i2").tobytes()
    asked = AudioDiarize(audio_b64=noise, sample_rate=SAMPLE_RATE, num_speakers=2)
    diarizer = load(pulled.choose(DIARIZER), pulled, CPU, CurveCache(tmp_path))
    runner = VoiceRunner(store, pulled, diarizer)
    found = await audio_diarize(asked, runner)
    assert 1 <= found.speakers <= 2
    assert all(0 <= each.start_s < each.end_s <= 10.1 for each in found.segments)

    recording = store.file("two_speakers", "sample.wav").read_bytes()
    enrolled = await audio_enroll(AudioEnroll(audio_b64=recording), runner)
    embedding = np.frombuffer(enrolled.embedding_b64, "<f4")
    assert embedding.shape == (256,)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-3)
