"""``argusd install-systemd``: have systemd run the daemon, one hardened unit a process."""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from ..config import resolve
from ..errors import NotInstallable, NotInstalled
from ..installation import (
    CONFIG_FILE,
    SHIPPED,
    TARGET,
    File,
    Installation,
    enabled_units,
    installation,
    obstacle,
)

HELP = {"install-systemd": "write and enable systemd units for as many processes as are configured"}

RUNNING = Path("/run/systemd/system")  # as sd_booted(3) has it


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--dry-run", action="store_true", help="print what would be done, and do nothing")


def run(args: argparse.Namespace) -> int:
    """Install, or show what that means. An installation that is there is brought up to date.

    The environment of who installs is not that of the units: the configuration's file alone counts.
    """
    config_file = (args.config or CONFIG_FILE).absolute()
    shipped = not args.config and is_missing(config_file)
    read = SHIPPED / CONFIG_FILE.name if shipped else config_file
    program = Path(sys.executable).with_name("argusd")
    plan = installation(resolve({"ARGUSD_CONFIG": str(read)}), program, config_file, enabled_units())
    hindrance = obstacle(program, config_file)
    if args.dry_run:
        print(shown(plan))
        if hindrance:
            print(f"That would be refused: {hindrance}")
        return 0
    if hindrance:
        raise NotInstallable(hindrance)
    carry_out(plan)
    print(f"Start it with: systemctl start {TARGET}")
    return 0


def is_missing(file: Path) -> bool:
    """Whether there is no such file; one that this user may not look for may be there."""
    try:
        file.stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False


def shown(plan: Installation) -> str:
    """The plan, a line for each file and command."""
    files = [f"write {file.path} ({file.mode:o}){', unless it is there' * file.kept}" for file in plan.files]
    commands = [f"run   {shlex.join(command.argv)}  # {command.what}" for command in plan.commands]
    return "\n".join(files + commands)


def carry_out(plan: Installation) -> None:
    """Write the files and run the commands.

    Raises:
        NotInstallable: this user may not, or no systemd runs.
        NotInstalled: a file could not be written, or a command failed. It can be done again.
    """
    if os.geteuid() != 0 or not RUNNING.is_dir():
        raise NotInstallable(
            "installing units needs root and a systemd that runs; --dry-run shows what would be done"
        )
    for file in plan.files:
        write(file)
    for command in plan.commands:
        try:
            subprocess.run(command.argv, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise NotInstalled(f"{shlex.join(command.argv)} failed; mend that and install again") from error


def write(file: File) -> None:
    """Write one file, for its readers only from the first byte on."""
    if file.kept and file.path.exists():
        return
    try:
        file.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, file.mode)
        with open(descriptor, "w", encoding="utf-8") as written:
            os.fchmod(descriptor, file.mode)
            written.write(file.text)
    except OSError as error:
        raise NotInstalled(f"cannot write {file.path}: {error.strerror}") from error
