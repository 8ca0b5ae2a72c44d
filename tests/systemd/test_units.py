"""The units start commands that exist, and stay as closed as they were."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from argusd.daemon.commands.serve import child_groups
from argusd.daemon.config import resolve

UNITS = sorted((Path(__file__).parents[2] / "systemd").glob("*.service"))

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"
)


def runnable(unit: Path, folder: Path) -> Path:
    """The unit with a program that exists on every machine in place of ours."""
    copy = folder / unit.name
    copy.write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))
    return copy


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_knows_every_setting(unit: Path, tmp_path: Path) -> None:
    check = subprocess.run(
        ["systemd-analyze", "verify", runnable(unit, tmp_path)], capture_output=True, text=True, check=False
    )
    assert [line for line in check.stderr.splitlines() if unit.name in line] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_exposure_stays_low(unit: Path, tmp_path: Path) -> None:
    # The text is parsed because --threshold does not fail where it should.
    report = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", runnable(unit, tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    exposure = re.search(r"Overall exposure level for .*: ([0-9.]+)", report.stdout)
    assert exposure
    assert float(exposure[1]) <= 1.2


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_start_commands_of_the_program(unit: Path) -> None:
    started = re.search(r"^ExecStart=/opt/argusd/bin/argusd (\S+)", unit.read_text(), flags=re.MULTILINE)
    assert started
    known = subprocess.run(
        [Path(sys.executable).with_name("argusd"), started[1], "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert known.returncode == 0, known.stderr
    assert "--config" in known.stdout


def test_the_units_start_what_the_daemon_starts_elsewhere() -> None:
    texts = [unit.read_text() for unit in UNITS]
    commands = [
        re.search(r"^ExecStart=/opt/argusd/bin/argusd (.*) --config \S+$", text, re.M) for text in texts
    ]
    started = {found[1].replace("%i", "0") for found in commands if found}
    children = [child for group in child_groups(resolve({"ARGUSD_INGEST_WORKERS": "1"})) for child in group]
    assert started == {" ".join(child.argv[4:-2]) for child in children}


def test_the_configuration_beside_the_units_is_valid() -> None:
    config = resolve({"ARGUSD_CONFIG": str(UNITS[0].with_name("argusd.toml"))})
    assert str(config.runtime_dir) == "/run/argusd"
    assert str(config.state_dir) == "/var/lib/argusd"
