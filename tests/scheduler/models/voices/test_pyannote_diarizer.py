"""Against the library's own loading of the published form, with the published networks and random weights."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from argusd.scheduler.errors import InferenceFailed
from argusd.scheduler.models.voices.pyannote_diarizer import (
    COMMUNITY_1,
    VERSION_3_1,
    PyannoteDiarizer,
    Recipe,
)
from argusd.scheduler.zoo.store import StoredFile, ZooStore

from .published_pyannote import describe, publish

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

    def read(self, entry: str, name: str) -> StoredFile:
        path = self._files[next(file for file in self._files if file == (entry, name))]
        return StoredFile(name, path.read_bytes(), "")


def test_without_the_library_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyannote.audio.core.plda", None)
    store = cast(ZooStore, Folder(tmp_path, VERSION_3_1))
    with pytest.raises(InferenceFailed, match=r"pip install 'argusd\[pyannote\]'"):
        PyannoteDiarizer("pyannote_3_1", store, "cpu", VERSION_3_1).check()


@pytest.mark.parametrize("steps", [0, 2])
def test_what_nobody_waits_for_ends_before_it_begins_or_between_two_steps(tmp_path: Path, steps: int) -> None:
    diarizer = PyannoteDiarizer("ours", cast(ZooStore, Folder(tmp_path, VERSION_3_1)), "cpu", VERSION_3_1)
    done: list[str] = []

    def pipeline(_file: object, num_speakers: int | None, hook: Callable[..., None]) -> None:
        for step in ("segmentation", "embeddings", "discrete_diarization"):
            hook(step, None, total=1, completed=1)
            done.append(step)

    vars(diarizer)["_pipeline"] = pipeline
    asked = iter([False] * steps + [True])
    assert diarizer.diarize(noise(1), None, lambda: next(asked)) == []
    assert len(done) == max(0, steps - 1)


def noise(seconds: int) -> NDArray[np.int16]:
    return np.random.default_rng(0).normal(0, 2000, seconds * 16_000).astype(np.int16)


@pytest.mark.slow
@pytest.mark.timeout(300)  # seconds of a free machine, many of a busy one
@pytest.mark.filterwarnings("ignore")  # its dependencies' about each other
@pytest.mark.parametrize(
    ("recipe", "clustering"),
    [
        pytest.param(VERSION_3_1, CLUSTERING_3_1, id="3.1"),
        pytest.param(COMMUNITY_1, CLUSTERING_COMMUNITY_1, id="community-1"),
    ],
)
def test_it_says_what_the_library_itself_says(tmp_path: Path, recipe: Recipe, clustering: str) -> None:
    store = cast(ZooStore, Folder(tmp_path, recipe))
    publish(tmp_path)
    describe(tmp_path, recipe, clustering)
    from pyannote.audio import Pipeline

    ours = PyannoteDiarizer("ours", store, "cpu", recipe)
    found = ours.diarize(noise(10), 2)
    assert os.environ["PYANNOTE_METRICS_ENABLED"] == "false"

    pipeline = Pipeline.from_pretrained(tmp_path)
    assert pipeline is not None
    assert ours._pipeline.parameters(instantiated=True) == pipeline.parameters(instantiated=True)
    waveform = torch.from_numpy(noise(10).astype(np.float32) / 32768)[None]
    expected = pipeline({"waveform": waveform, "sample_rate": 16_000}, num_speakers=2).speaker_diarization
    assert found
    over = iter([False, False])
    assert ours.diarize(noise(10), 2, lambda: next(over, True)) == []
    assert {(part.start_s, part.end_s, part.speaker) for part in found} == {
        (turn.start, turn.end, label) for turn, _, label in expected.itertracks(yield_label=True)
    }
