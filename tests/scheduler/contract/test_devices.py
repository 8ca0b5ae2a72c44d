import pytest

from argusd.scheduler.contract.devices import cuda_index


@pytest.mark.parametrize(("name", "index"), [("cuda:0", 0), ("cuda:12", 12), ("cuda", None), ("cpu", None)])
def test_a_cuda_device_has_an_index(name: str, index: int | None) -> None:
    assert cuda_index(name) == index
