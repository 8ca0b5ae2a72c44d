"""pyannote's speaker diarization: who spoke when, also where two speak at once.

Bredin, "pyannote.audio 2.1 speaker diarization pipeline", Interspeech 2023; Plaquet and Bredin, "Powerset
multi-class cross entropy loss for neural speaker diarization", Interspeech 2023; for community-1 also Landini
et al., "Bayesian HMM clustering of x-vector sequences (VBx)", 2022. Its own library runs it, as the
``config.yaml`` of the model cards says. The library unpickles what it loads, and tells its makers that it is
used; here it gets tensors that were read without unpickling, and reports nothing.
"""

import io
import threading
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...contract.media import SAMPLE_RATE
from ...contract.roles import DIARIZER
from ...errors import InferenceFailed
from ...zoo.importers.pytorch.torch_checkpoint import Weights, read_weights
from ...zoo.importers.pytorch.torchaudio_shim import ensure_torchaudio
from ...zoo.importers.pytorch.torchvision_shim import ensure_torchvision
from ...zoo.importers.pytorch.wespeaker import BESIDE
from ...zoo.store import ZooStore
from ..outputs import SpokenPart
from ..registry import Library, register

FULL_SCALE = 32768
BATCH = 32


class StoredFile(NamedTuple):
    """A file of the store."""

    entry: str
    name: str


class Recipe(NamedTuple):
    """A pipeline as published: its checkpoints, how voices are told apart, and the parameters of that.

    ``plda``: the transform of embeddings and the model of them, for clustering that wants these.
    """

    segmentation: StoredFile
    embedding: StoredFile
    clustering: str
    parameters: Mapping[str, Any]
    plda: tuple[StoredFile, StoredFile] | None = None


VERSION_3_1 = Recipe(
    StoredFile("pyannote_3_1", "pytorch_model.bin"),
    StoredFile("wespeaker", "pytorch_model.bin"),
    "AgglomerativeClustering",
    {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799},
)
COMMUNITY_1 = Recipe(
    StoredFile("pyannote_community_1", "segmentation.bin"),
    StoredFile("pyannote_community_1", "embedding.bin"),
    "VBxClustering",
    {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
    (
        StoredFile("pyannote_community_1", "xvec_transform.npz"),
        StoredFile("pyannote_community_1", "plda.npz"),
    ),
)


class _GivenUp(Exception):
    """Nobody waits for the recording any more."""


class PyannoteDiarizer:
    """The ``diarizer`` role, on ``cpu`` or ``cuda:N``. One recording at a time."""

    role = DIARIZER

    def __init__(self, name: str, store: ZooStore, device: str, recipe: Recipe) -> None:
        self.name = name
        self._store = store
        self._device = device
        self._recipe = recipe
        self._one_recording = threading.Lock()

    def check(self) -> None:
        """Load the networks and run them on a second of noise.

        Raises:
            InferenceFailed: the library is not installed or does not run here.
            ModelUnavailableError: its files are not in the store.
        """
        self.diarize(np.random.default_rng(0).integers(-99, 99, SAMPLE_RATE, np.int16), None)

    def diarize(
        self,
        samples: NDArray[np.int16],
        speakers: int | None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> list[SpokenPart]:
        """See ``Diarizer``."""

        def go_on(*_step: Any, **_progress: Any) -> None:
            if given_up():
                raise _GivenUp

        with self._one_recording, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its dependencies about each other
            try:
                go_on()
                told = self._pipeline(_as_file(samples), num_speakers=speakers, hook=go_on)
            except _GivenUp:
                return []
        parts = told.speaker_diarization.itertracks(yield_label=True)
        return sorted(
            (SpokenPart(label, turn.start, turn.end) for turn, _, label in parts),
            key=lambda part: (part.start_s, part.end_s),
        )

    @cached_property
    def _pipeline(self) -> Any:
        try:
            import torch

            ensure_torchvision()
            ensure_torchaudio()
            from pyannote.audio.core.plda import PLDA
            from pyannote.audio.pipelines import SpeakerDiarization
            from pyannote.audio.telemetry import set_telemetry_metrics
        except (ImportError, OSError, RuntimeError) as error:
            raise InferenceFailed("this diarizer needs pip install 'argusd[pyannote]'") from error
        set_telemetry_metrics(False)
        pipeline = SpeakerDiarization(
            segmentation=self._segmentation(),
            embedding=self._embedding(),
            embedding_exclude_overlap=True,
            plda=self._plda(PLDA),
            clustering=self._recipe.clustering,
            segmentation_batch_size=BATCH,
            embedding_batch_size=BATCH,
        )
        parameters = {"segmentation": {"min_duration_off": 0.0}, "clustering": self._recipe.parameters}
        return pipeline.instantiate(parameters).to(torch.device(self._device))

    def _plda(self, kind: Any) -> Any:
        if self._recipe.plda is None:
            return kind.__new__(kind)  # asked for all the same
        transform, model = self._recipe.plda
        return kind(*(io.BytesIO(self._store.read(*file).content) for file in (transform, model)))

    def _segmentation(self) -> Any:
        from pyannote.audio.core.task import Problem, Resolution, Specifications
        from pyannote.audio.models.segmentation import PyanNet

        weights = self._weights(self._recipe.segmentation)
        layers = sum(name.startswith("lstm.weight_ih_l") and "reverse" not in name for name in weights)
        network = PyanNet(sincnet={"stride": 10}, lstm={"num_layers": layers})
        network.specifications = Specifications(
            problem=Problem.MONO_LABEL_CLASSIFICATION,
            resolution=Resolution.FRAME,
            duration=10.0,
            classes=["speaker#1", "speaker#2", "speaker#3"],
            powerset_max_classes=2,
            permutation_invariant=True,
        )
        return _filled(network, weights)

    def _embedding(self) -> Any:
        from pyannote.audio.core.task import Problem, Resolution, Specifications
        from pyannote.audio.models.embedding import WeSpeakerResNet34

        network = WeSpeakerResNet34()
        network.specifications = Specifications(
            problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
        )
        return _filled(network, self._weights(self._recipe.embedding))

    def _weights(self, file: StoredFile) -> Weights:
        return read_weights(self._store.read(*file).content, "state_dict", BESIDE)


def _filled(network: Any, weights: Weights) -> Any:
    """The network with these weights, ready to run."""
    import torch

    network.build()
    tensors = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    missing, _ = network.load_state_dict(tensors, strict=False)  # a loss function may lie beside them
    if missing:
        raise InferenceFailed(f"the checkpoint of the {type(network).__name__} has no {missing[0]}")
    return network.eval()


def _as_file(samples: NDArray[np.int16]) -> dict[str, Any]:
    import torch

    waveform = torch.from_numpy(samples.astype(np.float32) / FULL_SCALE)[None]
    return {"waveform": waveform, "sample_rate": SAMPLE_RATE}


def _with(recipe: Recipe) -> Library:
    return Library(lambda name, store, device: PyannoteDiarizer(name, store, device, recipe))


register(_with(VERSION_3_1), "pyannote_3_1")
register(_with(COMMUNITY_1), "pyannote_community_1")
