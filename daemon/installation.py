"""What it takes to have systemd run argusd: which files lie where, which commands put them in force.

Worked out from the configuration before anything is done, so that it can be shown instead.
"""

import re
from importlib.resources import files
from pathlib import Path

import msgspec

from .config import Config
from .supervision.stopping import UNWINDING_S, grace_s

SHIPPED = Path(str(files("argusd.systemd")))
CONFIG_FILE = Path("/etc/argusd/argusd.toml")
UNITS = Path("/etc/systemd/system")
TARGET = "argusd.target"
DRAIN = "argusd-drain.service"
# As the units are written; an installation may lie elsewhere.
SHIPPED_PROGRAM = "/opt/argusd/bin/argusd"
# What no unit sees: ProtectHome= and PrivateTmp= hide them.
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108


class File(msgspec.Struct, frozen=True):
    """A file to write. One that is ``kept`` is its operator's once it is there."""

    path: Path
    text: str
    mode: int = 0o644
    kept: bool = False


class Command(msgspec.Struct, frozen=True):
    """A command to run, and what it does."""

    argv: tuple[str, ...]
    what: str


class Installation(msgspec.Struct, frozen=True):
    """Files to write, then commands to run, each in this order."""

    files: tuple[File, ...]
    commands: tuple[Command, ...]


def installation(config: Config, program: Path, config_file: Path, enabled: frozenset[str]) -> Installation:
    """What makes systemd start ``program`` with this configuration, which lies in ``config_file``.

    ``enabled``: the units of an earlier installation; what this configuration has no more ends.
    """
    wanted = units_of(config)
    left_over = sorted(enabled - {*wanted, DRAIN})
    commands = [
        Command(("systemd-sysusers", "/etc/sysusers.d/argusd.conf"), "the user and group argusd"),
        Command(("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/argusd.conf"), "their folders"),
        Command(("/usr/lib/systemd/systemd-sysctl", "/etc/sysctl.d/argusd.conf"), "room for keyframes"),
        Command(("systemctl", "daemon-reload"), "read the units"),
        Command(("systemctl", "enable", TARGET, *wanted), "at every boot"),
    ]
    if left_over:
        commands.append(Command(("systemctl", "disable", "--now", *left_over), "no longer configured"))
    if DRAIN in enabled - set(wanted):  # stopped now it would drain what runs
        commands.append(Command(("systemctl", "disable", DRAIN), "the host is alone from its next start on"))
    return Installation(files_of(config, program, config_file), tuple(commands))


def units_of(config: Config) -> list[str]:
    """The services that this configuration needs."""
    return [*processes_of(config), *([DRAIN] if config.api.cluster else [])]


def processes_of(config: Config) -> list[str]:
    """The services that are the daemon's processes."""
    return [
        "argusd-api.service",
        *(f"argusd-ingest@{index}.service" for index in range(config.ingest_workers)),
        *(f"argusd-scheduler@{index}.service" for index in range(config.scheduler.live)),
        "argusd-scheduler-bulk.service",
        "argusd-evidence.service",
    ]


def files_of(config: Config, program: Path, config_file: Path) -> tuple[File, ...]:
    """The shipped files and where each goes; units name the program and the configuration."""
    units = [*sorted(SHIPPED.glob("*.service")), SHIPPED / TARGET]
    return (
        *(File(UNITS / unit.name, unit_text(unit, config, program, config_file)) for unit in units),
        *(
            File(Path(f"/etc/{kind}.d/argusd.conf"), (SHIPPED / f"argusd.{kind}.conf").read_text("utf-8"))
            for kind in ("sysusers", "tmpfiles", "sysctl")
        ),
        File(CONFIG_FILE, (SHIPPED / CONFIG_FILE.name).read_text("utf-8"), mode=0o640, kept=True),
    )


def unit_text(unit: Path, config: Config, program: Path, config_file: Path) -> str:
    """The unit as it is to be installed; how long it may take to end follows from the configuration.

    The api's sandbox hides GPUs: where they make the number of schedulers, every unit is told it.
    """
    text = unit.read_text("utf-8")
    if started := re.search(rf"^ExecStart={SHIPPED_PROGRAM} (\w+)", text, re.MULTILINE):
        grace = f"TimeoutStopSec={grace_s(started[1], config.shutdown_s):.0f}s"
        text = re.sub(r"^TimeoutStopSec=.*$", grace, text, flags=re.MULTILINE)
    if unit.name == DRAIN and config.api.cluster:
        text = drain_text(text, processes_of(config), config.api.cluster.drain_s)
    if config.gpus_found:
        count = rf"\g<0> ARGUSD_SCHEDULER__COUNT={config.gpus_found}"
        text = re.sub(r"^Environment=.*$", count, text, flags=re.MULTILINE)
    return text.replace(SHIPPED_PROGRAM, str(program)).replace(str(CONFIG_FILE), str(config_file))


def drain_text(text: str, processes: list[str], drain_s: float) -> str:
    """The drain's unit: it is stopped before all the processes, and may take so long."""
    text = re.sub(r"^After=.*$", f"After={' '.join(processes)}", text, flags=re.MULTILINE)
    text = re.sub(r"--drain-s \d+", f"--drain-s {drain_s:.0f}", text)
    return re.sub(
        r"^TimeoutStopSec=.*$", f"TimeoutStopSec={drain_s + UNWINDING_S:.0f}s", text, flags=re.MULTILINE
    )


def enabled_units() -> frozenset[str]:
    """The services that start with the target now."""
    return frozenset(link.name for link in (UNITS / f"{TARGET}.wants").glob("argusd-*.service"))


def obstacle(program: Path, config_file: Path) -> str | None:
    """Why units would not start this program, or not with this configuration, if so."""
    for path in (program, config_file):
        if any(path.is_relative_to(folder) for folder in HIDDEN):
            return f"the units do not see {path}; argusd belongs in /opt, its configuration in /etc"
        if not re.fullmatch(r"[\w/.@+-]+", str(path)):
            return f"a unit cannot name {path}: only letters, digits and _ / . @ + - may be in it"
    return None if program.exists() else f"there is no {program}"
