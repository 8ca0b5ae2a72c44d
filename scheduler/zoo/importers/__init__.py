"""Convert published weights to ONNX with a dynamic batch: pure functions from bytes to a model."""
