"""PyTorch checkpoints to ONNX."""
