import subprocess
import sys

import pytest

from argusd.daemon.cli import COMMANDS, main, module_of

NOT_IN_THE_API = ("aiortc", "av", "cv2", "numpy", "onnx", "onnxruntime")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    shown = capsys.readouterr().out
    for name in COMMANDS:
        assert module_of(name).HELP[name] in " ".join(shown.split())


def test_an_unknown_command_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["sevre"])
    assert "invalid choice: 'sevre'" in capsys.readouterr().err


def test_the_apis_process_loads_no_media_or_ml_library() -> None:
    code = (
        "import sys; from argusd.daemon import cli; import argusd.api.app\n"
        "cli.build_parser(['api']).parse_args(['api']); cli.module_of('api')\n"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(loaded.stdout.split()).isdisjoint(NOT_IN_THE_API)
