"""Wav2Lip's SyncNet_color → ONNX: two convolutional encoders, one of mouths and one of sound.

Prajwal, Mukhopadhyay, Namboodiri, Jawahar: "A lip sync expert is all you need for speech to lip generation in
the wild", ACM Multimedia 2020 (arXiv:2008.10010; github.com/Rudrabha/Wav2Lip, ``models/syncnet.py``), after
Chung and Zisserman's SyncNet (ACCV workshops 2016). Batch normalisation is folded into the convolutions. The
result gives embeddings before their L2 normalisation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import onnx

from ..damage import damage_is_import_failure
from ..graph import GraphBuilder, Value
from .torch_checkpoint import Weights, read_weights
from .torch_layers import folded

BATCH_NORM_EPSILON = 1e-5
EMBEDDING = 512


class Layer(NamedTuple):
    """A convolution, its normalisation and a Relu; ``residual``: its input is added before that.

    Kernels and channels are the checkpoint's.
    """

    strides: tuple[int, int] = (1, 1)
    padding: int = 1
    residual: bool = False


SAME = Layer(residual=True)
HALF = Layer((2, 2))
FACE = (
    *(Layer(padding=3), Layer((1, 2)), SAME, SAME),
    *(HALF, SAME, SAME, SAME),
    *(HALF, SAME, SAME),
    *(HALF, SAME, SAME),
    *(HALF, Layer(padding=0), Layer(padding=0)),
)
SOUND = (
    *(Layer(), SAME, SAME),
    *(Layer((3, 1)), SAME, SAME),
    *(Layer((3, 3)), SAME, SAME),
    *(Layer((3, 2)), SAME, SAME),
    *(Layer(padding=0), Layer(padding=0)),
)


def import_syncnet(content: bytes) -> onnx.ModelProto:
    """Convert the published checkpoint.

    ``faces`` f32 ``[faces, 15, 48, 96]`` → ``face_embedding`` ``[faces, 512]``;
    ``mels`` f32 ``[sounds, 1, 80, 16]`` → ``sound_embedding`` ``[sounds, 512]``.
    There may be more of one than of the other.

    :raises ImportFailedError: when the file is damaged or holds another network.
    """
    state = read_weights(content, "state_dict")
    weights = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    with damage_is_import_failure("SyncNet checkpoint"):
        g = GraphBuilder()
        faces = g.input("faces", (15, 48, 96), "faces")
        mels = g.input("mels", (1, 80, 16), "sounds")
        return g.finish(
            {
                "face_embedding": _encoder(g, faces, weights, "face_encoder", FACE),
                "sound_embedding": _encoder(g, mels, weights, "audio_encoder", SOUND),
            }
        )


def _encoder(g: GraphBuilder, source: Value, weights: Weights, name: str, layers: Sequence[Layer]) -> Value:
    x = source.name
    for number, layer in enumerate(layers):
        found = _convolution(g, x, weights, f"{name}.{number}.conv_block", layer)
        x = g.node("Relu", [g.node("Add", [found, x]) if layer.residual else found])
    return Value(g.node("Flatten", [x]), (EMBEDDING,), batch=source.batch)


def _convolution(g: GraphBuilder, x: str, weights: Weights, name: str, layer: Layer) -> str:
    """A convolution and the normalisation after it, as one convolution."""
    kernel, bias = folded(weights, f"{name}.0", f"{name}.1", BATCH_NORM_EPSILON)
    constants = [g.constant(kernel), g.constant(bias)]
    return g.node("Conv", [x, *constants], strides=list(layer.strides), pads=[layer.padding] * 4)
