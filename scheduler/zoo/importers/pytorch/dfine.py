"""D-FINE detectors → ONNX, by the library that they are published for, Hugging Face's transformers.

Peng et al., "D-FINE: Redefine Regression Task of DETRs as Fine-grained Distribution Refinement" (2024,
arXiv 2410.13842). Published are the network's description and its weights, both plain data. transformers
builds the network from them and PyTorch's exporter writes the graph down.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import onnx

from ...errors import ImportFailedError, TorchMissingError
from .torchaudio_shim import ensure_torchaudio
from .torchvision_shim import ensure_torchvision

SIZE = 640
CLASSES = 80
DESCRIPTION, WEIGHTS = "config.json", "model.safetensors"
KNOWN = {0: "person", 67: "cell phone"}  # of COCO's names in their order, those that findings rest on
TRACED_WITH = 3  # images: the exporter takes a 1 for a fixed size, and a 2 for the two coordinates
MOST = 256  # images at a time
OPSET = 20


def import_dfine(files: Mapping[str, bytes]) -> onnx.ModelProto:
    """Convert ``config.json`` and ``model.safetensors``.

    ``images`` f32 ``[batch, 640, 640, 3]`` in 0..1 → ``scores`` ``[batch, 300, 80]`` in 0..1, ``boxes``
    ``[batch, 300, 4]``: centre x and y, width and height in 0..1 of the image.

    :raises TorchMissingError: when PyTorch, transformers or the exporter is not installed.
    :raises ImportFailedError: when the files are damaged or describe another network.
    """
    try:
        import onnxscript  # noqa: F401 - which PyTorch's exporter needs

        ensure_torchvision()
        ensure_torchaudio()
        from transformers.models.d_fine import modeling_d_fine
    except ImportError as error:
        raise TorchMissingError(
            "converting this model needs transformers: pip install 'argusd[transformers]', then pull it again"
        ) from error
    try:
        network = _network(modeling_d_fine, files)
        with _exportable(modeling_d_fine):
            return _exported(network)
    except ImportFailedError:
        raise
    except Exception as error:  # the libraries' errors have no common base
        raise ImportFailedError(f"not a usable D-FINE network: {type(error).__name__}") from error


def _network(library: ModuleType, files: Mapping[str, bytes]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        for name in (DESCRIPTION, WEIGHTS):
            (Path(folder) / name).write_bytes(files[name])
        network, report = library.DFineForObjectDetection.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    if missing := sorted(report["missing_keys"]):
        raise ImportFailedError(f"the D-FINE weights lack {len(missing)} tensors, {missing[0]} among them")
    labels = network.config.id2label
    if len(labels) != CLASSES or any(labels[index] != name for index, name in KNOWN.items()):
        raise ImportFailedError("the D-FINE network was not made for the 80 classes of COCO in their order")
    return network.float().eval()


@contextmanager
def _exportable(library: ModuleType) -> Iterator[None]:
    """Have transformers' code say nothing that fixes the batch, or that ONNX has no words for.

    It asks a tensor for its ``len``, which is the number of images it was traced with, and checks shapes by
    an operator that only PyTorch has.
    """
    import torch

    def length(value: Any) -> Any:
        return value.shape[0] if isinstance(value, torch.Tensor) else len(value)

    with (
        patch.object(library, "len", length, create=True),
        patch.object(library, "torch_compilable_check", lambda *_, **__: None),
    ):
        yield


def _exported(network: Any) -> onnx.ModelProto:
    import torch

    class Pictures(torch.nn.Module):  # type: ignore[misc, unused-ignore] # PyTorch may not be there
        """Takes pictures as all our detectors do, and gives probabilities."""

        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: Any) -> tuple[Any, Any]:
            found = self.network(pixel_values=images.permute(0, 3, 1, 2))
            return found.logits.sigmoid(), found.pred_boxes

    program = torch.onnx.export(
        Pictures().eval(),
        (torch.zeros(TRACED_WITH, SIZE, SIZE, 3),),
        dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=MOST)},),
        input_names=["images"],
        output_names=["scores", "boxes"],
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    model: onnx.ModelProto = program.model_proto
    return model
