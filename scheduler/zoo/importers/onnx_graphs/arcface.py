"""InsightFace's recognition graphs (``w600k_r50``, ``w600k_mbf``) → any number of pictures at once."""

import onnx

from ...errors import ImportFailedError
from .published_onnx import give, read_onnx, require_same, take_pictures

SIZE = 112
EMBEDDING_SIZE = 512


def import_arcface(content: bytes) -> onnx.ModelProto:
    """Convert a published graph: ``images`` f32 ``[batch, 112, 112, 3]`` → ``embedding`` ``[batch, 512]``.

    :raises ImportFailedError: when the file is damaged, or another graph, or one that cannot take a batch.
    """
    model = read_onnx(content)
    if len(model.graph.output) != 1:
        raise ImportFailedError(f"a face embedder has one output, this graph has {len(model.graph.output)}")
    embedding = model.graph.output[0].name
    take_pictures(model, SIZE)
    give(model, {"embedding": (embedding, [EMBEDDING_SIZE])})
    require_same(model, SIZE)
    return model
