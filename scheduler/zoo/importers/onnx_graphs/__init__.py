"""Graphs that were published as ONNX, opened to batches."""
