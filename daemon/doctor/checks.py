"""What a machine must have, should have, or could have for the daemon: one small check each.

A check returns what it found and, where something is amiss, how to mend it. None of them changes anything.
"""

import os
import platform
import resource
import shutil
import socket
import sys
from collections.abc import Sequence

from argusd.ingest.errors import IngestError
from argusd.ingest.ice.own_sockets import RECEIVE_BUFFER_BYTES
from argusd.ingest.shm.arena import DATA_START, Arena
from argusd.ingest.shm.memory import available_bytes
from argusd.scheduler.engines.devices import gpu_count
from argusd.scheduler.errors import DeviceUnavailable
from argusd.scheduler.zoo.errors import CacheUnusableError
from argusd.scheduler.zoo.manifest import DEFAULT_PACK, manifest_with
from argusd.scheduler.zoo.store import ZooStore

from ..config import Config
from .finding import Check, Finding
from .installed import installed
from .store_checks import own_name

# A session holds a dozen descriptors; an ingest worker takes 64 sessions.
WANTED_FILES = 4096
WITH_CUDA = "pip uninstall onnxruntime; pip install 'argusd[gpu]', or PyTorch with CUDA for engine = 'torch'"


def check_python(_: Config) -> Finding:
    """The interpreter."""
    return Finding("ok", "python", f"{platform.python_version()} at {sys.executable}")


def check_platform(_: Config) -> Finding:
    """Seqlock reads need x86-64's store order, memfd needs Linux."""
    found = f"{platform.system()} {platform.machine()}"
    if found in ("Linux x86_64", "Linux AMD64"):
        return Finding("ok", "platform", found)
    return Finding("fail", "platform", found, "argusd runs on Linux on x86-64 only")


def check_shared_memory(config: Config) -> Finding:
    """A sealed memfd can be made, and there is memory for the arenas."""
    try:
        Arena(DATA_START).close()
    except (IngestError, OSError) as error:
        return Finding("fail", "shared memory", str(error), "allow memfd_create with seals for this user")
    wanted = config.ingest.arena_mib * config.ingest_workers
    available = available_bytes() >> 20
    found = f"arenas need {wanted} MiB, {available} MiB are available"
    if wanted > available // 2:
        return Finding("warn", "shared memory", found, "lower ingest.arena_mib or add memory")
    return Finding("ok", "shared memory", found)


def check_open_files(_: Config) -> Finding:
    """The limit on descriptors, which sockets and arenas use up."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # each process asks for as many as it may have
    if most >= WANTED_FILES:
        return Finding("ok", "open files", f"{most} allowed")
    remedy = f"ulimit -Hn {WANTED_FILES}, or LimitNOFILE={WANTED_FILES} in the unit"
    return Finding("warn", "open files", f"{most} allowed", remedy)


def check_receive_buffer(_: Config) -> Finding:
    """The kernel lets a socket hold a whole keyframe (net.core.rmem_max, see socket(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        allowed = probe.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # the kernel doubles it
    found = f"{allowed >> 10} KiB a socket"
    if allowed >= RECEIVE_BUFFER_BYTES:
        return Finding("ok", "receive buffer", found)
    remedy = f"sysctl -w net.core.rmem_max={RECEIVE_BUFFER_BYTES}, or large keyframes are lost under load"
    return Finding("warn", "receive buffer", found, remedy)


def check_models(config: Config) -> Finding:
    """What a plain pull gets is here; check_roles says what each role runs on."""
    try:
        models = ZooStore(config.cache_dir, manifest_with(config.models_file)).status()
    except CacheUnusableError as error:
        return Finding("fail", "models", str(error), f"let {own_name()} read it, or choose another cache_dir")
    if missing := [model.name for model in models if DEFAULT_PACK in model.packs and not model.present]:
        return Finding("warn", "models", f"missing: {', '.join(missing)}", "argusd models pull")
    here = sum(model.present for model in models if model.kind == "model")
    return Finding("ok", "models", f"{here} in {config.cache_dir}")


def check_inference(config: Config) -> Finding:
    """ONNX Runtime is installed once, and some library that may run the models can use each device."""
    packages = [name for name in ("onnxruntime", "onnxruntime-gpu") if installed(name)]
    if not packages:
        return Finding("fail", "inference", "no ONNX Runtime", "pip install 'argusd[cpu]' or 'argusd[gpu]'")
    if len(packages) == 2:
        remedy = "pip uninstall onnxruntime; pip install --force-reinstall --no-deps onnxruntime-gpu"
        return Finding("fail", "inference", "both onnxruntime and onnxruntime-gpu are installed", remedy)
    from argusd.scheduler.engines.targets import resolve

    devices = config.scheduler.devices or (config.scheduler.device,)
    try:
        targets = [resolve(config.scheduler.engine, device) for device in devices]
    except DeviceUnavailable as error:
        return Finding("fail", "inference", str(error), WITH_CUDA)
    found = ", ".join(f"{target.engine} {target.library_version} on {target.device}" for target in targets)
    if "auto" in devices and gpu_count() and targets[devices.index("auto")].device == "cpu":
        return Finding("warn", "inference", f"{found}; the GPU is not used", WITH_CUDA)
    return Finding("ok", "inference", found)


def check_tools(_: Config) -> Finding:
    """The programs that fetch models."""
    missing = [name for name in ("npm",) if shutil.which(name) is None]
    if not installed("pip"):
        missing.append("pip")
    if missing:
        return Finding(
            "warn", "fetching", f"no {', no '.join(missing)}", "install it; models come through it"
        )
    return Finding("ok", "fetching", "pip and npm")


def check_loopback(_: Config) -> Finding:
    """Something can be bound on 127.0.0.1 by UDP, which local media need."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
    except OSError as error:
        return Finding("fail", "loopback", os.strerror(error.errno or 0), "ip link set lo up")
    return Finding("ok", "loopback", "127.0.0.1")


CHECKS: Sequence[Check] = (
    check_python,
    check_platform,
    check_shared_memory,
    check_open_files,
    check_receive_buffer,
    check_loopback,
    check_inference,
    check_tools,
    check_models,
)
