import pytest

from argusd.kernels.cuda.device import CudaDevice, Device

from .host_device import HostDevice


@pytest.fixture(scope="session", params=["g++", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Device:
    return gpu() if request.param == "cuda" else HostDevice(request.getfixturevalue("kernels_library"))


def gpu() -> CudaDevice:
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed")
    if not cupy.is_available():
        pytest.skip("there is no GPU")
    return CudaDevice()
