"""Against the library's own loading of the published form, with the published networks and random weights."""

import os
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from argusd.scheduler.errors import InferenceFailed
from argusd.scheduler.models.pyannote_diarizer import COMMUNITY_1, VERSION_3_1, PyannoteDiarizer, Recipe
from argusd.scheduler.zoo.importers.torchaudio_shim import ensure_torchaudio
from argusd.scheduler.zoo.importers.torchvision_shim import ensure_torchvision
from argusd.scheduler.zoo.store import ZooStore

# Of the model cards.
CLUSTERING_3_1 = "{method: centroid, min_cluster_size: 12, threshold: 0.7045654963945799}"
CLUSTERING_COMMUNITY_1 = "{threshold: 0.6, Fa: 0.07, Fb: 0.8}"


class Folder:
    """A store whose files lie where the library looks for them."""

    def __init__(self, path: Path, recipe: Recipe) -> None:
        self._files = {
            recipe.segmentation: path / "segmentation" / "pytorch_model.bin",
            recipe.embedding: path / "embedding" / "pytorch_model.bin",
        }
        for file in recipe.plda or ():
            self._files[file] = path / "plda" / file.name
        for folder in ("segmentation", "embedding", "plda"):
            (path / folder).mkdir()

    def file(self, entry: str, name: str) -> Path:
        return self._files[next(file for file in self._files if file == (entry, name))]


def test_without_the_library_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyannote.audio.core.plda", None)
    store = cast(ZooStore, Folder(tmp_path, VERSION_3_1))
    with pytest.raises(InferenceFailed, match=r"pip install 'argusd\[pyannote\]'"):
        PyannoteDiarizer("pyannote_3_1", store, "cpu", VERSION_3_1).check()


def publish(path: Path, recipe: Recipe, clustering: str) -> None:
    """Random weights, as pyannote publishes trained ones: checkpoints of its own class, and a description."""
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet

    torch.manual_seed(0)
    segmentation = PyanNet(sincnet={"stride": 10}, lstm={"num_layers": 4})
    segmentation.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=["speaker#1", "speaker#2", "speaker#3"],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    embedding = WeSpeakerResNet34()
    embedding.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
    )
    for name, network in {"segmentation": segmentation, "embedding": embedding}.items():
        network.build()
        checkpoint: dict[str, Any] = {
            "state_dict": network.state_dict(),
            "hyper_parameters": dict(network.hparams),
            "pytorch-lightning_version": "2.6.0",
        }
        network.on_save_checkpoint(checkpoint)
        torch.save(checkpoint, path / name / "pytorch_model.bin")
    save_plda(path / "plda")
    (path / "config.yaml").write_text(f"""
    pipeline:
      name: pyannote.audio.pipelines.SpeakerDiarization
      params:
        clustering: {recipe.clustering}
        segmentation: $model/segmentation
        segmentation_batch_size: 32
        embedding: $model/embedding
        embedding_batch_size: 32
        embedding_exclude_overlap: true
        plda: $model/plda
    params:
      clustering: {clustering}
      segmentation: {{min_duration_off: 0.0}}
    """)


def save_plda(folder: Path) -> None:
    rng = np.random.default_rng(0)
    lda, turn = (np.linalg.qr(rng.normal(size=(size, 128)))[0] for size in (256, 128))
    np.savez(folder / "xvec_transform.npz", mean1=np.zeros(256), mean2=np.zeros(128), lda=lda)
    np.savez(folder / "plda.npz", mu=np.zeros(128), tr=turn, psi=np.linspace(2, 0.1, 128))


def noise(seconds: int) -> NDArray[np.int16]:
    return np.random.default_rng(0).normal(0, 2000, seconds * 16_000).astype(np.int16)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # its dependencies' about each other
@pytest.mark.parametrize(
    ("recipe", "clustering"),
    [
        pytest.param(VERSION_3_1, CLUSTERING_3_1, id="3.1"),
        pytest.param(COMMUNITY_1, CLUSTERING_COMMUNITY_1, id="community-1"),
    ],
)
def test_it_says_what_the_library_itself_says(tmp_path: Path, recipe: Recipe, clustering: str) -> None:
    ensure_torchvision()
    ensure_torchaudio()
    from pyannote.audio import Pipeline

    store = cast(ZooStore, Folder(tmp_path, recipe))
    publish(tmp_path, recipe, clustering)
    ours = PyannoteDiarizer("ours", store, "cpu", recipe)
    found = ours.diarize(noise(10), 2)
    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"

    pipeline = Pipeline.from_pretrained(tmp_path)
    assert pipeline is not None
    assert ours._pipeline.parameters(instantiated=True) == pipeline.parameters(instantiated=True)
    waveform = torch.from_numpy(noise(10).astype(np.float32) / 32768)[None]
    expected = pipeline({"waveform": waveform, "sample_rate": 16_000}, num_speakers=2).speaker_diarization
    assert found
    assert {(part.start_s, part.end_s, part.speaker) for part in found} == {
        (turn.start, turn.end, label) for turn, _, label in expected.itertracks(yield_label=True)
    }
