"""The imported graph, held against transformers' own network with the same random weights."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch

from argusd.scheduler.models.objects.coco import COCO
from argusd.scheduler.zoo.errors import ImportFailedError, TorchMissingError
from argusd.scheduler.zoo.importers.pytorch.dfine import import_dfine

from ....dfine_network import dfine_network

Run = Callable[[onnx.ModelProto, dict[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return saved(dfine_network(), tmp_path_factory.mktemp("dfine"))


def saved(network: Any, folder: Path) -> Files:
    network.save_pretrained(folder)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.timeout(300)  # the exporter traces every operator several times
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of PyTorch's exporter, about its own parts
@pytest.mark.parametrize("scales", [2, 3], ids=["as D-FINE-N", "as D-FINE-S"])
def test_the_graph_computes_what_transformers_computes_for_any_number_of_images(
    run: Run, tmp_path: Path, scales: int
) -> None:
    network = dfine_network(scales=scales)
    model = import_dfine(saved(network, tmp_path))
    rng = np.random.default_rng(0)
    for batch in (1, 2, 5):
        images = rng.uniform(0, 1, (batch, 640, 640, 3)).astype(np.float32)
        with torch.no_grad():
            expected = network(pixel_values=torch.from_numpy(images.transpose(0, 3, 1, 2).copy()))
        scores, boxes = expected.logits.sigmoid().numpy(), expected.pred_boxes.numpy()

        found = run(model, {"images": images})

        assert found["scores"].shape == (batch, 300, 80)
        assert boxes.std() > 0.1
        off = np.abs(np.concatenate([found["scores"] - scores, found["boxes"] - boxes], axis=2)).max(axis=2)
        # Which places a query looks at is a choice of the best 300: what is as good may change places.
        assert (off < 1e-3).mean() > 0.97


def test_weights_that_are_not_all_there_are_refused(published: Files) -> None:
    from safetensors.torch import load, save

    weights = load(published["model.safetensors"])
    lost = min(name for name in weights if "self_attn" in name)  # safetensors gives them in any order
    del weights[lost]
    with pytest.raises(ImportFailedError, match=f"lack 1 tensors, {re.escape(lost)} among them"):
        import_dfine({**published, "model.safetensors": save(weights)})


def test_other_classes_than_cocos_are_refused(tmp_path: Path) -> None:
    for labels in (COCO[:20], (COCO[1], COCO[0], *COCO[2:])):
        files = saved(dfine_network(labels), tmp_path / str(len(labels)))
        with pytest.raises(ImportFailedError, match="80 classes of COCO in their order"):
            import_dfine(files)


@pytest.mark.parametrize("damaged", ["config.json", "model.safetensors"])
def test_damaged_files_are_refused(published: Files, damaged: str) -> None:
    for content in (b"", b"{}", published[damaged][: len(published[damaged]) // 2]):
        with pytest.raises(ImportFailedError):
            import_dfine({**published, damaged: content})


def test_without_transformers_the_sentence_says_how_to_get_it(
    published: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(TorchMissingError, match=r"pip install 'argusd\[transformers\]'"):
        import_dfine(published)
