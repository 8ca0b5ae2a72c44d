"""Whether a GPU that is in the machine can be used: its driver, and who may open its devices."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from ..config import Config
from .finding import Check, Finding

NVIDIA = "0x10de"  # PCI's number of the vendor
DISPLAY = "0x03"  # and of the class: display controllers, those that only compute included
DRIVER = 580  # what CUDA 13 asks for, with which the extra ``gpu`` comes
VERSION = re.compile(r"Kernel Module\s+(?:for \S+\s+)?(\d+)\.(\S+)")
SUBJECT = "gpu"


def check_gpu(_: Config) -> Finding:
    """The NVIDIA GPUs of this machine, if there are any."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and not hidden.strip(" ,-1"):
        remedy = "unset CUDA_VISIBLE_DEVICES, or name the GPUs there"
        return Finding("warn", SUBJECT, "CUDA_VISIBLE_DEVICES hides all GPUs", remedy)
    return gpu_below(Path("/"))


def gpu_below(root: Path) -> Finding:
    """What the kernel tells of GPUs in ``/sys``, ``/proc`` and ``/dev``."""
    cards, driver = len(cards_below(root)), driver_below(root)
    devices = sorted((root / "dev").glob("nvidia[0-9]*"))
    if driver is None:
        if not cards:
            return Finding("ok", SUBJECT, "none by NVIDIA; models run on the CPU")
        remedy = f"install NVIDIA's driver {DRIVER} or later and start the machine again"
        return Finding("warn", SUBJECT, f"{cards} by NVIDIA, without a driver", remedy)
    found = f"{len(devices)} by NVIDIA, driver {driver}"
    if not devices:
        remedy = "load the driver with nvidia-modprobe; give a container its GPUs, such as by --gpus all"
        return Finding("warn", SUBJECT, f"driver {driver}, and no device in /dev", remedy)
    if closed := [device for device in devices if not os.access(device, os.R_OK | os.W_OK)]:
        remedy = f"let this user open it: usermod -aG {_group(closed[0])} USER, and log in again"
        return Finding("fail", SUBJECT, f"{found}; this user may not open {closed[0].name}", remedy)
    if int(driver.partition(".")[0]) < DRIVER:
        return Finding("warn", SUBJECT, found, f"install driver {DRIVER} or later: CUDA 13 needs it")
    return Finding("ok", SUBJECT, found)


def cards_below(root: Path) -> list[Path]:
    """The display controllers by NVIDIA on the PCI bus."""
    return [
        card
        for card in (root / "sys/bus/pci/devices").glob("*")
        if _text(card / "vendor") == NVIDIA and _text(card / "class").startswith(DISPLAY)
    ]


def driver_below(root: Path) -> str | None:
    """The version of the driver that is loaded."""
    found = VERSION.search(_text(root / "proc/driver/nvidia/version"))
    return f"{found[1]}.{found[2]}" if found else None


def _group(file: Path) -> str:
    """The group's name, or the number of one that a container does not know."""
    try:
        return file.group()
    except KeyError:
        return str(file.stat().st_gid)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError:
        return ""


GPU_CHECKS: Sequence[Check] = (check_gpu,)
