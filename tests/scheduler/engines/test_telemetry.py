"""Nothing is told to the makers of a library that runs models."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", [("models", "list"), ("replay", "--help"), ("scheduler", "--index", "9")])
def test_onnx_runtime_makes_no_id_and_keeps_no_record_of_its_use(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    words = (sys.executable, "-m", "argusd.daemon", *command)
    subprocess.run(words, env=environment | {"HOME": str(tmp_path)}, capture_output=True, check=False)
    assert not (tmp_path / ".cache" / "Microsoft").exists()
