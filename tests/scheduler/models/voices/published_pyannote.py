"""pyannote's pipelines in the form they are published in, with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from argusd.scheduler.models.voices.pyannote_diarizer import Recipe
from argusd.scheduler.zoo.importers.pytorch.torchaudio_shim import ensure_torchaudio
from argusd.scheduler.zoo.importers.pytorch.torchvision_shim import ensure_torchvision


def publish(path: Path) -> None:
    """Checkpoints as the library saves them, and the tables for VBx."""
    ensure_torchvision()
    ensure_torchaudio()
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
        (path / name).mkdir()
        torch.save(checkpoint, path / name / "pytorch_model.bin")
    (path / "plda").mkdir()
    save_plda(path / "plda")


def describe(path: Path, recipe: Recipe, clustering: str) -> None:
    """The model card's ``config.yaml``, for the library's own loading."""
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
