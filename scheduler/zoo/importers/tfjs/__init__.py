"""TensorFlow.js to ONNX."""
