import shutil

import pytest

from argusd.kernels.cuda.device import CudaDevice, Device

from .host_device import HostDevice, built


@pytest.fixture(scope="session", params=["g++", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Device:
    if request.param == "cuda":
        return gpu()
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    return HostDevice(built(tmp_path_factory.mktemp("kernels")))


def gpu() -> CudaDevice:
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    if not cupy.is_available():
        pytest.skip("there is no GPU")
    return CudaDevice()
