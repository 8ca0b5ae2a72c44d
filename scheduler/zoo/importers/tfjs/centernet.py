"""CenterNet as human-models publishes it (MIT) → ONNX, up to the maps that objects are picked from.

Classes stay logits, and each place's highest one is an output of its own: whoever picks then reads a map of
64 KiB, and the 5 MB of all classes only where something is.
"""

from collections.abc import Mapping, Sequence

import onnx

from ..damage import damage_is_import_failure
from ..graph import GraphBuilder
from ..layers import channel_max
from .tfjs_model import lower


def import_centernet(
    description: bytes, weight_files: Mapping[str, bytes], outputs: Sequence[str]
) -> onnx.ModelProto:
    """Convert the graph model; ``outputs`` names the nodes of the classes' logits and of the sizes.

    :returns: a model with the outputs ``logits [batch, H, W, C]``, ``highest [batch, H, W]`` of those and
        ``sides [batch, H, W, 4]``, float32.
    :raises ImportFailedError: when a file is damaged or the graph uses something outside the importer.
    """
    with damage_is_import_failure("TensorFlow.js graph model"):
        builder = GraphBuilder()
        logits, sides = lower(builder, description, weight_files, outputs).values()
        # Named first: ONNX Runtime would transpose them once for the output and once for their maximum.
        logits = builder.named("logits", logits)
        return builder.finish({"logits": logits, "highest": channel_max(builder, logits), "sides": sides})
