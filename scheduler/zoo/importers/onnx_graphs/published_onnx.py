"""Opens the batch of graphs that were published as ONNX, for one image at a time.

Exported with a batch of one, they say so at their edges, and now and then inside. What is said at the edges
is changed here; that nothing inside says otherwise is tried, not believed (``require_same``).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import helper

from ...errors import ImportFailedError

INPUT = "images"
BATCH = "batch"
NOISE_SEED = 1
LOOKS = 3  # so many images together must give what each gives alone
TOLERANCE = 1e-3  # of an output's largest value; other batch sizes take other convolution kernels


def read_onnx(content: bytes) -> onnx.ModelProto:
    """Parse a published graph with one input.

    :raises ImportFailedError: when it is none.
    """
    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ImportFailedError("not a usable ONNX model") from error
    if len(image_inputs(model)) != 1:
        raise ImportFailedError("the ONNX model does not have exactly one input")
    return model


def image_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The inputs that are not weights; older graphs list those as well."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def take_pictures(model: onnx.ModelProto, size: int) -> None:
    """Make the input f32 ``[batch, size, size, 3]`` instead of ``[1, 3, …, …]``, under the name ``images``.

    :raises ImportFailedError: when the graph cannot take pictures of this size.
    """
    graph = model.graph
    (old,) = image_inputs(model)
    fixed = [dim.dim_value for dim in old.type.tensor_type.shape.dim]
    if len(fixed) != 4 or fixed[1] not in (0, 3) or any(side not in (0, size) for side in fixed[2:]):
        raise ImportFailedError(f"the model's input is {fixed}, not pictures of {size} x {size} pixels")
    turn = helper.make_node("Transpose", [INPUT], [old.name], name=f"input/{INPUT}", perm=[0, 3, 1, 2])
    graph.input.remove(old)
    graph.input.insert(0, _floats(INPUT, [BATCH, size, size, 3]))
    graph.node.insert(0, turn)
    del graph.value_info[:]  # they repeat the batch of one


def give(model: onnx.ModelProto, outputs: Mapping[str, tuple[str, Sequence[int]]]) -> None:
    """Name the outputs: new name → a tensor of the graph, and its shape without the batch.

    Whether the model is valid then is for ONNX Runtime to say, which is more lenient with old exporters'
    graphs than onnx's checker.
    """
    graph = model.graph
    del graph.output[:]
    for name, (tensor, shape) in outputs.items():
        graph.node.append(helper.make_node("Identity", [tensor], [name], name=f"output/{name}"))
        graph.output.append(_floats(name, [BATCH, *shape]))
    used = {name for node in graph.node for name in node.input}
    for unused in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(unused)


def require_same(model: onnx.ModelProto, size: int) -> None:
    """Try that a batch gives for each image what the image gives alone.

    :raises ImportFailedError: when it does not.
    """
    noise = np.random.default_rng(NOISE_SEED).uniform(-1, 1, (LOOKS, size, size, 3)).astype(np.float32)
    together = _run(model, noise)
    alone = [_run(model, noise[row : row + 1]) for row in range(LOOKS)]
    for position, found in enumerate(together):
        expected = np.concatenate([outputs[position] for outputs in alone])
        most = TOLERANCE * max(float(np.abs(expected).max()), float(np.finfo(np.float32).tiny))
        if found.shape != expected.shape or float(np.abs(found - expected).max()) > most:
            raise ImportFailedError("the published graph gives other results for a batch than one by one")


def _run(model: onnx.ModelProto, images: npt.NDArray[np.float32]) -> list[npt.NDArray[np.float32]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return list(session.run(None, {INPUT: images}))
    except Exception as error:  # the library's errors have no common base
        raise ImportFailedError("the published graph does not run on a batch") from error


def _floats(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, list(shape))
