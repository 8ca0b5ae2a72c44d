"""The table of docs/terminal.md is what commands end with."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from argusd.daemon import errors, exit_codes
from argusd.daemon.cli import exit_code_of
from argusd.daemon.errors import NotInstallable, NotInstalled
from argusd.interviewer_bridge.errors import Refused
from argusd.scheduler.contract.errors import ArgusdError
from argusd.scheduler.errors import EXIT_DEVICE_LOST, EXIT_HUNG
from argusd.scheduler.zoo.errors import UnknownModelError

from ..live_daemon import ARGUSD
from ..waiting import LONGEST_S

DOCUMENT = Path(__file__).parents[2] / "docs/terminal.md"
NOBODY = "http://127.0.0.1:1"


def test_the_document_names_each_code_once() -> None:
    documented = [int(code) for code in re.findall(r"^\| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)]
    ours = [value for name, value in vars(exit_codes).items() if name.isupper()]
    assert documented == sorted({*ours, EXIT_HUNG, EXIT_DEVICE_LOST})


def test_every_error_ends_with_one_of_them() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in kinds if issubclass(kind, errors.DaemonError)}
    assert codes == {exit_codes.FAILED, exit_codes.USAGE}


def ended(*words: str) -> int:
    return subprocess.run([*ARGUSD, *words], capture_output=True, check=False).returncode


def test_done_failed_and_misused(tmp_path: Path) -> None:
    assert ended("models", "verify") == exit_codes.DONE
    assert ended("hosts", "--url", NOBODY) == exit_codes.FAILED
    assert ended("hosts", "--url", "nowhere") == exit_codes.USAGE
    assert ended("hosts", "--config", str(tmp_path / "missing.toml")) == exit_codes.USAGE


def test_an_extra_that_is_missing_is_named(tmp_path: Path) -> None:
    """Traces are wanted where OpenTelemetry is not installed."""
    hidden = tmp_path / "opentelemetry"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ModuleNotFoundError(__name__)")
    environment = os.environ | {
        "ARGUSD_STATE_DIR": str(tmp_path),
        "ARGUSD_TRACES_URL": "http://127.0.0.1:4318/v1/traces",
        "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}",
    }
    done = subprocess.run([*ARGUSD, "api"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == exit_codes.USAGE
    assert "traces_url needs OpenTelemetry: pip install 'argusd[otel]'" in done.stderr


def test_interrupted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with subprocess.Popen([*ARGUSD, "events", "--url", url], stderr=subprocess.PIPE) as command:
            connection, _ = server.accept()
            with connection:
                command.send_signal(signal.SIGINT)
                assert command.communicate(timeout=LONGEST_S)[1] == b""
    assert command.returncode == exit_codes.INTERRUPTED


LOADS = """
import signal
print("loads", flush=True)
try:
    signal.pause()
except KeyboardInterrupt:
    raise ImportError("initialization failed")
"""


@pytest.mark.parametrize("module", ["msgspec", "onnxruntime"])
def test_interrupted_while_its_modules_load(module: str, tmp_path: Path) -> None:
    """The command line's own, and one of a command's; of both C code makes what it likes of an interrupt."""
    (tmp_path / f"{module}.py").write_text(LOADS)
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"}
    with subprocess.Popen(
        [*ARGUSD, "doctor"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == b"loads\n"
        command.send_signal(signal.SIGINT)
        assert command.communicate(timeout=LONGEST_S) == (b"", b"")
    assert command.returncode == exit_codes.INTERRUPTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Refused(401, "unauthorized", "…"), exit_codes.USAGE),
        (Refused(404, "session_not_found", "…"), exit_codes.FAILED),
        (Refused(503, "draining", "…"), exit_codes.FAILED),
        (UnknownModelError("…"), exit_codes.USAGE),
        (NotInstallable("…"), exit_codes.USAGE),
        (NotInstalled("…"), exit_codes.FAILED),
    ],
)
def test_what_is_in_vain_to_try_again_is_told_apart(error: ArgusdError, code: int) -> None:
    assert exit_code_of(error) == code


def test_a_reader_that_is_gone_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        command = subprocess.run(
            [*ARGUSD, "models", "list"], stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert (command.returncode, command.stderr) == (exit_codes.NO_READER, b"")
