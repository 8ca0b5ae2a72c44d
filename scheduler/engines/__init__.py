"""What runs a model's graph on a device: ONNX Runtime or PyTorch, behind ``core.Engine``."""
