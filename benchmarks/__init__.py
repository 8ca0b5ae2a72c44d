"""What each figure means is told in README.md beside this file."""

import argusd.scheduler.engines  # noqa: F401 - before a benchmark loads ONNX Runtime, which it keeps quiet
