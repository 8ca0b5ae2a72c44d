"""What runs a model's graph on a device: ONNX Runtime or PyTorch, behind ``core.Engine``."""

import os

# As it is loaded, ONNX Runtime (1.31) gives the machine an id, keeps a record of its use in ``~/.cache``, and
# sends that to its makers. Nothing leaves a host that its operator did not ask for.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
