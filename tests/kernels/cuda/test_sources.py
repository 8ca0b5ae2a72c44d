"""Without a GPU: the kernels compile for those that are to be had, and touch no byte that is not theirs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from argusd.kernels.cuda.device import OPTIONS, source

from .host_device import SANITIZED
from .nvrtc import compiled

KERNELS = {
    "crop": {"crop_f32"},
    "stage": {"stage"},
    "decode": {
        *("rank", "overlaps", "sweep", "things_found"),
        *("face_candidates", "faces_found", "scrfd_candidates", "scrfd_found", "yolo_candidates"),
        *("center_candidates", "center_owners", "center_tops"),
    },
}
ARCHITECTURES = [80, 90, 120]  # A100; H100 and H200; RTX 50 and RTX PRO


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("name", KERNELS)
def test_compiles_and_spills_nothing(name: str, architecture: int) -> None:
    found = compiled(source(name), *OPTIONS, f"-arch=sm_{architecture}")
    assert found.keys() == KERNELS[name]
    for kernel, used in found.items():
        assert (used.stack, used.stores, used.loads) == (0, 0, 0), kernel
        assert used.registers <= 64, f"{kernel}: fewer than half of the threads that there is room for"


def test_a_struct_of_another_size_than_numpy_s_does_not_compile() -> None:
    larger = [option if "CROP" not in option else "-DCROP_BYTES=112" for option in OPTIONS]
    with pytest.raises(AssertionError, match="as NumPy lays them out"):
        compiled(source("crop"), *larger, "-arch=sm_90")


@pytest.mark.timeout(300)
def test_sanitizers_find_nothing() -> None:
    """The other tests again, in a process in which AddressSanitizer and UBSan watch the kernels."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    library = subprocess.run(
        ["g++", "-print-file-name=libasan.so"], check=True, capture_output=True, text=True
    )
    tests = [str(Path(__file__).with_name(f"test_{name}.py")) for name in ("crop", "decode", "staging")]
    environment = {
        **os.environ,
        SANITIZED: "1",
        "LD_PRELOAD": library.stdout.strip(),
        "ASAN_OPTIONS": "detect_leaks=0",  # Python leaves much to the process' end
    }
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "g++", "-p", "no:cacheprovider", *tests],
        cwd=Path(__file__).parents[3],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
