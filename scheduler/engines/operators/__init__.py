"""ONNX operators in PyTorch, one function each, by the operators' specification (onnx.ai/onnx/operators)."""
