"""Runs imported models, and writes the smallest source files that are still real ones."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from ai_edge_litert import schema_py_generated as schema

Tensor = npt.NDArray[Any]
Runner = Callable[..., dict[str, Tensor]]


@pytest.fixture(scope="session")
def run() -> Runner:
    """Run a model with ONNX Runtime: ``run(model, input=array)`` gives outputs by name."""

    def run(model: onnx.ModelProto, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, dict(inputs)), strict=True))

    return run


@pytest.fixture(scope="session")
def small_tflite() -> bytes:
    """A TFLite model: a half-precision 3x3 convolution with SAME padding and Relu6, then a PRelu.

    Input ``image`` is [1, 5, 7, 2], output ``features`` is [1, 3, 4, 3].
    """
    rng = np.random.default_rng(1)
    model = schema.ModelT()
    model.version = 3
    model.buffers = [schema.BufferT()]
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    model.subgraphs, model.operatorCodes = [graph], []
    kernel = _constant(model, graph, "kernel", rng.normal(size=(3, 3, 3, 2)).astype(np.float16))
    bias = _constant(model, graph, "bias", rng.normal(size=3).astype(np.float32))
    slopes = _constant(model, graph, "slopes", rng.normal(size=(1, 1, 3)).astype(np.float32))
    image = _tensor(graph, "image", (1, 5, 7, 2), schema.TensorType.FLOAT32, buffer=0)
    kernel32 = _tensor(graph, "kernel32", (3, 3, 3, 2), schema.TensorType.FLOAT32, buffer=0)
    convolved = _tensor(graph, "convolved", (1, 3, 4, 3), schema.TensorType.FLOAT32, buffer=0)
    features = _tensor(graph, "features", (1, 3, 4, 3), schema.TensorType.FLOAT32, buffer=0)
    options = schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = schema.Padding.SAME, 2, 2
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU6
    _operator(model, graph, schema.BuiltinOperator.DEQUANTIZE, [kernel], kernel32)
    convolution = _operator(model, graph, schema.BuiltinOperator.CONV_2D, [image, kernel32, bias], convolved)
    convolution.builtinOptionsType, convolution.builtinOptions = schema.BuiltinOptions.Conv2DOptions, options
    _operator(model, graph, schema.BuiltinOperator.PRELU, [convolved, slopes], features)
    graph.inputs, graph.outputs = [image], [features]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _constant(model: Any, graph: Any, name: str, data: Tensor) -> int:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(data.tobytes(), np.uint8)
    model.buffers.append(buffer)
    kind = schema.TensorType.FLOAT16 if data.dtype == np.float16 else schema.TensorType.FLOAT32
    return _tensor(graph, name, data.shape, kind, buffer=len(model.buffers) - 1)


def _tensor(graph: Any, name: str, shape: tuple[int, ...], kind: int, buffer: int) -> int:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, list(shape), kind, buffer
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _operator(model: Any, graph: Any, code: int, inputs: list[int], output: int) -> Any:
    operator_code = schema.OperatorCodeT()
    operator_code.builtinCode = operator_code.deprecatedBuiltinCode = code
    operator_code.version = 1
    model.operatorCodes.append(operator_code)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = len(model.operatorCodes) - 1, inputs, [output]
    graph.operators.append(operator)
    return operator


@pytest.fixture(scope="session")
def small_tfjs() -> tuple[bytes, bytes]:
    """A TFJS graph model, its JSON and its weights: a 1x1 convolution with a bias, Relu6, channel means.

    Input ``image`` is [1, 2, 2, 1], output ``mean`` [1, 2]: clip(pixel * (2, -1) + (1, 10), 0, 6) averaged.
    """
    kernel, bias, axes = (
        np.array([[[[2, -1]]]], np.float16),
        np.array([1, 10], np.float16),
        np.array([1, 2], np.int32),
    )
    half = {"dtype": "float32", "quantization": {"dtype": "float16", "original_dtype": "float32"}}
    weights: list[dict[str, Any]] = [
        {"name": "kernel", "shape": [1, 1, 1, 2], **half},
        {"name": "bias", "shape": [2], **half},
        {"name": "axes", "shape": [2], "dtype": "int32"},
    ]
    nodes = [
        {"name": "mean", "op": "Mean", "input": ["relu6", "axes"], "attr": {"keep_dims": {"b": False}}},
        {
            "name": "image",
            "op": "Placeholder",
            "attr": {"shape": {"shape": {"dim": _dimensions(1, 2, 2, 1)}}},
        },
        *({"name": weight["name"], "op": "Const"} for weight in weights),
        {
            "name": "convolution",
            "op": "_FusedConv2D",
            "input": ["image", "kernel", "bias"],
            "attr": {
                "strides": {"list": {"i": ["1", "1", "1", "1"]}},
                "padding": {"s": "U0FNRQ=="},
                "fused_ops": {"list": {"s": ["Qmlhc0FkZA=="]}},
            },
        },
        {"name": "relu6", "op": "Relu6", "input": ["convolution"]},
        {"name": "for_one_image", "op": "TopKV2", "input": ["mean"]},
    ]
    manifest = [{"paths": ["weights.bin"], "weights": weights}]
    description = {"format": "graph-model", "modelTopology": {"node": nodes}, "weightsManifest": manifest}
    return json.dumps(description).encode(), kernel.tobytes() + bias.tobytes() + axes.tobytes()


def _dimensions(*sizes: int) -> list[dict[str, str]]:
    return [{"size": str(size)} for size in sizes]
