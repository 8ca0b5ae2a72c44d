"""Against the library's own pipeline, with the published networks and random weights; skipped without it."""

import importlib.util
import os
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch

from argusd.scheduler.errors import InferenceFailed
from argusd.scheduler.models.pyannote_diarizer import CHECKPOINT, PARAMETERS, PyannoteDiarizer
from argusd.scheduler.zoo.importers.torchaudio_shim import ensure_torchaudio
from argusd.scheduler.zoo.importers.torchvision_shim import ensure_torchvision
from argusd.scheduler.zoo.store import ZooStore

INSTALLED = importlib.util.find_spec("pyannote.audio") is not None


class Folder:
    """A store that holds two checkpoints."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def file(self, entry: str, name: str) -> Path:
        return self._path / f"{entry}-{name}"


@pytest.fixture
def folder(tmp_path: Path) -> ZooStore:
    return cast(ZooStore, Folder(tmp_path))


@pytest.mark.skipif(INSTALLED, reason="pyannote.audio is installed")
def test_without_the_library_the_error_says_how_to_get_it(folder: ZooStore) -> None:
    with pytest.raises(InferenceFailed, match=r"pip install 'argusd\[pyannote\]'"):
        PyannoteDiarizer("pyannote_3_1", folder).check()


def networks() -> tuple[Any, Any]:
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet

    torch.manual_seed(0)
    segmentation = PyanNet(sincnet={"stride": 10}, lstm={"num_layers": 4})
    segmentation.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=["a", "b", "c"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    embedding = WeSpeakerResNet34()
    embedding.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
    )
    for network in (segmentation, embedding):
        network.build()
        network.eval()
    return segmentation, embedding


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="pyannote.audio is not installed")
@pytest.mark.filterwarnings("ignore")  # its dependencies' about each other
def test_it_says_what_the_library_itself_says(folder: ZooStore) -> None:
    ensure_torchvision()
    ensure_torchaudio()
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.pipelines import SpeakerDiarization

    segmentation, embedding = networks()
    for entry, network in (("pyannote_3_1", segmentation), ("wespeaker", embedding)):
        beside = {"versions": {"torch": torch.__version__}, "specifications": network.specifications}
        torch.save(
            {"state_dict": network.state_dict(), "pyannote.audio": beside}, folder.file(entry, CHECKPOINT)
        )
    samples = np.random.default_rng(0).normal(0, 2000, 11 * 16_000).astype(np.int16)
    found = PyannoteDiarizer("pyannote_3_1", folder).diarize(samples, 2)
    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"

    pipeline = SpeakerDiarization(
        segmentation=segmentation,
        embedding=embedding,
        embedding_exclude_overlap=True,
        plda=PLDA.__new__(PLDA),
        clustering="AgglomerativeClustering",
    ).instantiate(PARAMETERS)
    waveform = torch.from_numpy(samples.astype(np.float32) / 32768)[None]
    expected = pipeline({"waveform": waveform, "sample_rate": 16_000}, num_speakers=2).speaker_diarization
    assert found
    assert {(part.start_s, part.end_s, part.speaker) for part in found} == {
        (turn.start, turn.end, label) for turn, _, label in expected.itertracks(yield_label=True)
    }
