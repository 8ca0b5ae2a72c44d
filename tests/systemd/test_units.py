"""The units start commands that exist, and stay as closed as they were."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from argusd.daemon.commands.serve import child_specs
from argusd.daemon.config import resolve
from argusd.daemon.errors import ConfigInvalid
from argusd.daemon.installation import DRAIN, SHIPPED
from argusd.daemon.supervision.notify import SILENCE_S
from argusd.daemon.supervision.stopping import grace_s

UNITS = sorted(SHIPPED.glob("*.service"))
MOST_EXPOSED = 1.3  # of 10

pytestmark = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed"
)
each_process = pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.name != DRAIN], ids=lambda unit: unit.name
)
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


def runnable(unit: Path, folder: Path, without: str = "^$") -> Path:
    """The unit with a program that every machine has in place of ours, ``without`` lines that match."""
    lines = re.sub(r"^(ExecSt\w+)=.*$", r"\1=/bin/true", unit.read_text(), flags=re.M).splitlines()
    copy = folder / unit.name
    copy.write_text("\n".join(line for line in lines if not re.match(without, line)))
    return copy


def complaints(unit: Path) -> list[str]:
    """What systemd does not understand of a unit."""
    check = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    return [line for line in check.stderr.splitlines() if unit.name in line]


def exposure(unit: Path) -> float:
    """How much of the machine a unit leaves open, 0 to 10; read, because --threshold fails nowhere."""
    command = ["systemd-analyze", "security", "--offline=yes", str(unit)]
    report = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", report.stdout)
    assert found, report.stdout
    return float(found[1])


def setting(unit: Path, name: str) -> str:
    """The value of a setting that stands in the unit once."""
    values = re.findall(rf"^{name}=(.*)$", unit.read_text(), flags=re.M)
    assert len(values) == 1, f"{unit.name}: {name}={values}"
    value: str = values[0]
    return value


@each_unit
def test_systemd_knows_every_setting(unit: Path, tmp_path: Path) -> None:
    copy = runnable(unit, tmp_path)
    assert complaints(copy) == []
    copy.write_text(copy.read_text().replace("[Service]", "[Service]\nWatchdogSecs=30s"))
    assert len(complaints(copy)) == 1  # so it would have said


@each_unit
def test_exposure_stays_low(unit: Path, tmp_path: Path) -> None:
    assert exposure(runnable(unit, tmp_path)) <= MOST_EXPOSED


@each_unit
@pytest.mark.parametrize(
    "opened", ["SystemCallFilter", "CapabilityBoundingSet|User", "Protect", "Private|Restrict"]
)
def test_a_unit_that_closes_less_is_seen(unit: Path, tmp_path: Path, opened: str) -> None:
    assert exposure(runnable(unit, tmp_path, without=opened)) > MOST_EXPOSED


@each_unit
def test_a_refused_call_is_an_error_and_no_death(unit: Path) -> None:
    assert setting(unit, "SystemCallErrorNumber") == "EPERM"


@each_process
def test_what_no_restart_can_mend_is_not_restarted(unit: Path) -> None:
    assert setting(unit, "Restart") == "on-failure"
    assert setting(unit, "RestartPreventExitStatus") == str(ConfigInvalid.exit_code)
    assert setting(unit, "StartLimitIntervalSec") == "0"


@each_process
def test_a_unit_may_take_as_long_to_end_as_elsewhere(unit: Path) -> None:
    shutdown_s = resolve({}).shutdown_s
    command = setting(unit, "ExecStart").split()[1]
    assert setting(unit, "TimeoutStopSec") == f"{grace_s(command, shutdown_s):.0f}s"


@each_process
def test_children_are_ended_by_their_own_process(unit: Path) -> None:
    assert setting(unit, "KillMode") == "mixed"


@each_process
def test_a_process_that_falls_silent_is_killed_and_one_that_grows_is_stopped(unit: Path) -> None:
    assert setting(unit, "Type") == "notify"
    assert setting(unit, "WatchdogSec") == f"{SILENCE_S:.0f}s"
    assert setting(unit, "MemoryMax")
    assert setting(unit, "MemorySwapMax") == "0"


@each_unit
def test_units_start_commands_of_the_program(unit: Path) -> None:
    started = re.search(r"^ExecSt\w+=/opt/argusd/bin/argusd (\S+)", unit.read_text(), flags=re.MULTILINE)
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
    children = child_specs(resolve({"ARGUSD_INGEST_WORKERS": "1"}))
    assert started == {" ".join(child.argv[4:-2]) for child in children}


def test_the_configuration_beside_the_units_is_valid() -> None:
    config = resolve({"ARGUSD_CONFIG": str(UNITS[0].with_name("argusd.toml"))})
    assert str(config.runtime_dir) == "/run/argusd"
    assert str(config.state_dir) == "/var/lib/argusd"
