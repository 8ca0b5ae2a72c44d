"""What is to be installed, worked out from a configuration; ``tests/systemd`` does it for real."""

import os
from pathlib import Path

import pytest

from argusd.daemon.cli import main
from argusd.daemon.commands.install_systemd import carry_out, is_missing
from argusd.daemon.config import resolve
from argusd.daemon.errors import NotInstalled
from argusd.daemon.installation import CONFIG_FILE, DRAIN, SHIPPED, installation, obstacle, units_of

PROGRAM = Path("/srv/argusd/bin/argusd")


def write(folder: Path, text: str) -> Path:
    (folder / "argusd.toml").write_text(text)
    return folder / "argusd.toml"


def test_a_unit_is_enabled_for_every_configured_process() -> None:
    config = resolve({"ARGUSD_INGEST_WORKERS": "2", "ARGUSD_SCHEDULER__COUNT": "3"})
    assert units_of(config) == [
        "argusd-api.service",
        "argusd-ingest@0.service",
        "argusd-ingest@1.service",
        "argusd-scheduler@0.service",
        "argusd-scheduler@1.service",
        "argusd-scheduler@2.service",
        "argusd-scheduler-bulk.service",
        "argusd-evidence.service",
    ]


def test_one_of_many_hosts_drains_before_anything_is_stopped(tmp_path: Path) -> None:
    file = write(tmp_path, '[cluster]\nurl = "http://10.0.0.1:8015"\ndrain_s = 3600\n')
    config = resolve({"ARGUSD_CONFIG": str(file), "ARGUSD_INGEST_WORKERS": "2"})
    assert units_of(config)[-1] == DRAIN
    [unit] = [
        file for file in installation(config, PROGRAM, file, frozenset()).files if file.path.name == DRAIN
    ]
    assert f"\nAfter={' '.join(units_of(config)[:-1])}\n" in unit.text
    assert f"\nExecStop={PROGRAM} drain --config {file} --drain-s 3600\nTimeoutStopSec=3610s\n" in unit.text


def test_units_name_the_program_and_the_configuration_that_were_given() -> None:
    config_file = Path("/srv/argusd/argusd.toml")
    files = installation(resolve({}), PROGRAM, config_file, frozenset()).files
    units = {file.path.name: file.text for file in files if file.path.suffix == ".service"}
    assert units.keys() == {unit.name for unit in SHIPPED.glob("*.service")}
    del units[DRAIN]  # no process of ours runs meanwhile
    for text in units.values():
        assert "\nExecStart=/srv/argusd/bin/argusd " in text
        assert " --config /srv/argusd/argusd.toml\n" in text
        assert "/opt/argusd" not in text


def test_a_unit_may_take_as_long_to_end_as_its_tasks() -> None:
    config = resolve({"ARGUSD_SHUTDOWN_S": "100"})
    for file in installation(config, PROGRAM, CONFIG_FILE, frozenset()).files:
        if file.path.suffix == ".service" and file.path.name != DRAIN:
            grace = 120 if "api" in file.path.name else 110
            assert f"\nTimeoutStopSec={grace}s\n" in file.text


def test_units_are_told_how_many_schedulers_the_gpus_make(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argusd.daemon.config.usable_gpus", lambda _engine: 2)
    told = "\nEnvironment=PYTHONSAFEPATH=1 PYTHONUNBUFFERED=1 ARGUSD_SCHEDULER__COUNT=2\n"
    for environment, expected in (({}, True), ({"ARGUSD_SCHEDULER__COUNT": "2"}, False)):
        config = resolve(environment)
        assert "argusd-scheduler@1.service" in units_of(config)
        texts = [file.text for file in installation(config, PROGRAM, CONFIG_FILE, frozenset()).files]
        assert all((told in text) is expected for text in texts if "[Service]" in text)


def test_the_configuration_is_its_operators_once_it_is_there() -> None:
    kept = [file for file in installation(resolve({}), PROGRAM, CONFIG_FILE, frozenset()).files if file.kept]
    assert [(file.path, file.mode) for file in kept] == [(CONFIG_FILE, 0o640)]


def test_what_an_earlier_configuration_had_more_ends() -> None:
    config = resolve({"ARGUSD_INGEST_WORKERS": "1"})
    enabled = frozenset([*units_of(config), "argusd-ingest@1.service", "argusd-scheduler@1.service"])
    last = installation(config, PROGRAM, CONFIG_FILE, enabled).commands[-1]
    assert last.argv == (
        "systemctl",
        "disable",
        "--now",
        "argusd-ingest@1.service",
        "argusd-scheduler@1.service",
    )


def test_a_host_that_will_be_alone_is_not_drained_by_the_installation() -> None:
    config = resolve({"ARGUSD_INGEST_WORKERS": "1"})
    last = installation(config, PROGRAM, CONFIG_FILE, frozenset([*units_of(config), DRAIN])).commands[-1]
    assert last.argv == ("systemctl", "disable", DRAIN)


@pytest.mark.parametrize("hidden", ["/root/argusd", "/home/ann/venv/bin/argusd", "/tmp/argusd.toml"])
def test_what_units_cannot_see_is_an_obstacle(hidden: str) -> None:
    for program, config_file in ((Path(hidden), CONFIG_FILE), (PROGRAM, Path(hidden))):
        assert str(obstacle(program, config_file)).startswith(f"the units do not see {hidden};")


@pytest.mark.parametrize("odd", ["/etc/my argusd.toml", "/etc/100%.toml", "/etc/a\nb.toml", '/etc/".toml'])
def test_what_units_cannot_name_is_an_obstacle(odd: str) -> None:
    assert str(obstacle(PROGRAM, Path(odd))).startswith("a unit cannot name /etc/")


def test_a_program_that_is_there_is_none() -> None:
    assert obstacle(Path("/bin/sh"), CONFIG_FILE) is None
    assert obstacle(PROGRAM, CONFIG_FILE) == "there is no /srv/argusd/bin/argusd"


def test_a_configuration_that_may_not_be_looked_for_is_not_taken_for_missing(tmp_path: Path) -> None:
    assert is_missing(tmp_path / "none.toml")
    assert not is_missing(write(tmp_path, ""))
    assert not is_missing(write(tmp_path, "") / "below-a-file.toml")  # NotADirectoryError, as PermissionError


def test_a_dry_run_prints_all_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path, "ingest_workers = 2\n")
    assert main(["install-systemd", "--dry-run", "--config", str(file)]) == 0
    shown = capsys.readouterr().out
    for line in (
        "write /etc/systemd/system/argusd-ingest@.service (644)",
        "write /etc/argusd/argusd.toml (640), unless it is there",
        "run   systemd-sysusers /etc/sysusers.d/argusd.conf  # the user and group argusd",
        "run   systemctl enable argusd.target argusd-api.service argusd-ingest@0.service",
    ):
        assert line in shown
    assert not CONFIG_FILE.exists()


def test_a_configuration_that_is_refused_is_not_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["install-systemd", "--config", str(write(tmp_path, "ingest_workers = -1\n"))]) == 2
    assert "ingest_workers" in capsys.readouterr().err


def test_who_may_not_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NotInstalled, match="--dry-run shows what would be done"):
        carry_out(installation(resolve({}), PROGRAM, CONFIG_FILE, frozenset()))
    assert not CONFIG_FILE.exists()
