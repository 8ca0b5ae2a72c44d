"""The machine, its GPU and the versions of what drives it, in words."""

import importlib.util
from importlib.metadata import PackageNotFoundError, version

from ..harness import machine

PACKAGES = (
    "numpy",
    "torch",
    "cupy-cuda13x",
    "cupy-cuda12x",
    "nvidia-cuda-nvrtc",
    "onnx",
    "onnxruntime",
    "opencv-python-headless",
)
NEEDED = (
    "`bench gpu` needs an NVIDIA GPU with its driver, CuPy (cupy-cuda13x) and NVRTC, "
    "and for models PyTorch with CUDA"
)
MIB = 1 << 20


def lacking() -> str:
    """Why nothing can be measured here, in a sentence; empty where there is a GPU."""
    if importlib.util.find_spec("cupy") is None:
        return f"CuPy is not installed: {NEEDED}"
    import cupy

    return "" if cupy.is_available() else f"there is no GPU that CuPy can use: {NEEDED}"


def facts() -> dict[str, str]:
    """With the GPU's own."""
    return machine(()) | versions() | gpu()


def versions() -> dict[str, str]:
    """Of the packages that are there."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def gpu() -> dict[str, str]:
    """The first GPU, and what CUDA says of pinning memory that is mapped read-only."""
    from cupy.cuda import nvrtc, runtime

    properties = runtime.getDeviceProperties(0)

    def said(attribute: int) -> str:
        return "yes" if runtime.deviceGetAttribute(attribute, 0) else "no"

    return {
        "gpu": properties["name"].decode(),
        "gpu_mib": str(properties["totalGlobalMem"] // MIB),
        "compute_capability": f"{properties['major']}.{properties['minor']}",
        "cuda_driver": _dotted(runtime.driverGetVersion()),
        "cuda_runtime": _dotted(runtime.runtimeGetVersion()),
        "nvrtc": ".".join(map(str, nvrtc.getVersion())),
        "pins_read_only": said(runtime.cudaDevAttrHostRegisterReadOnlySupported),
        "one_address": said(runtime.cudaDevAttrCanUseHostPointerForRegisteredMem),
        "driver": driver(),
    }


def driver() -> str:
    """The kernel module's version, as it tells it; empty where it does not."""
    try:
        with open("/proc/driver/nvidia/version", encoding="ascii") as lines:
            words = lines.readline().split()
    except OSError:
        return ""
    return next((word for word in words if word[:1].isdigit() and "." in word), "")


def _dotted(number: int) -> str:
    """CUDA's 13020 is 13.2."""
    return f"{number // 1000}.{number % 1000 // 10}"
