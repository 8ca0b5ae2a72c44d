"""What is asked of CuPy, of a stand-in that writes it down: whether a GPU does it, a GPU alone can tell."""

import sys
import threading
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from argusd.kernels.cuda.crop import F32
from argusd.kernels.cuda.device import OPTIONS, CudaDevice, source

PAGES = np.zeros(8192, np.uint8)


class CudaRefuses(Exception):
    """As CuPy's ``CUDARuntimeError``."""


class Cupy(SimpleNamespace):
    """A GPU that can pin what is read-only (``attributes``), and refuses a map where ``refuses``.

    ``done``: what it was asked for; ``current``: the calling thread's device and stream.
    """

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.attributes = {"one address": 1, "read-only": 1}
        self.refuses = False
        self.current = threading.local()
        self._streams = count(1)
        super().__init__(
            cuda=SimpleNamespace(
                runtime=self._runtime(),
                Device=lambda ordinal: self._to_be_used("device", ordinal),
                Stream=lambda **how: self._to_be_used("stream", (next(self._streams), how)),
                Event=self._event,
            ),
            asarray=lambda values: ("asarray", values),
            from_dlpack=lambda values: ("from_dlpack", values),
        )

    def _runtime(self) -> SimpleNamespace:
        return SimpleNamespace(
            CUDARuntimeError=CudaRefuses,
            cudaDevAttrCanUseHostPointerForRegisteredMem="one address",
            cudaDevAttrHostRegisterReadOnlySupported="read-only",
            deviceGetAttribute=lambda name, ordinal: self.attributes[name],
            hostRegister=self._register,
            hostUnregister=lambda address: self.done.append(("unregister", address)),
        )

    def _to_be_used(self, what: str, which: Any) -> SimpleNamespace:
        return SimpleNamespace(use=lambda: setattr(self.current, what, which))

    def _event(self, **_: bool) -> SimpleNamespace:
        recorded: list[int] = []
        return SimpleNamespace(
            record=lambda: recorded.append(self.current.stream[0]),
            synchronize=lambda: self.done.append(("waited", *recorded)),
        )

    def _register(self, address: int, nbytes: int, flags: int) -> None:
        if self.refuses:
            raise CudaRefuses
        self.done.append(("register", address, nbytes, flags))

    def RawModule(self, **options: Any) -> SimpleNamespace:  # noqa: N802
        self.done.append(("compile", options))
        return SimpleNamespace(
            get_function=lambda name: (
                lambda grid, block, arguments: self.done.append((name, grid, block, arguments))
            )
        )


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> Cupy:
    cupy = Cupy()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return cupy


def test_pages_are_registered_to_be_read_alone(cupy: Cupy) -> None:
    device = CudaDevice()
    address = device.pin(PAGES)
    device.unpin(PAGES)
    assert address == PAGES.ctypes.data
    assert cupy.done == [("register", address, 8192, 0x0A), ("unregister", address)]


@pytest.mark.parametrize("lacking", ["one address", "read-only", None])
def test_a_device_that_refuses_has_no_address(cupy: Cupy, lacking: str | None) -> None:
    if lacking is None:
        cupy.refuses = True
    else:
        cupy.attributes[lacking] = 0
    assert CudaDevice().pin(PAGES) is None
    assert cupy.done == []


def test_a_kernel_is_compiled_once_and_launched_in_as_many_blocks_as_hold_its_threads(cupy: Cupy) -> None:
    device = CudaDevice()
    for _ in range(2):
        device.launch(F32, (17, 16, 3), np.int32(5))
    device.launch(F32, (17, 16, 0), np.int32(5))
    compiled = ("compile", {"code": source("crop"), "options": OPTIONS, "backend": "nvrtc"})
    launched = ("crop_f32", (2, 1, 3), (16, 16, 1), (np.int32(5),))
    assert cupy.done == [compiled, launched, launched]


def test_what_another_library_has_on_the_device_is_taken_over_without_a_copy(cupy: Cupy) -> None:
    """Also where it offers itself to NumPy, which copies it to the host, as ONNX Runtime's values do."""

    class OrtValue:
        def __array__(self) -> Any:
            raise AssertionError("copied to the host")

        def __dlpack__(self, *, stream: int | None = None) -> Any: ...

    there, device = OrtValue(), CudaDevice()
    assert device.array(there) == ("from_dlpack", there)
    assert device.array(PAGES) == ("asarray", PAGES)
    assert device.array([1, 2]) == ("asarray", [1, 2])


def test_each_thread_has_a_stream_of_its_own_that_waits_for_no_other(cupy: Cupy) -> None:
    """As its current one, so that CuPy's own functions are in order with what is launched."""
    device, streams = CudaDevice(1), list[Any]()

    def batch() -> None:
        device.array(PAGES)
        device.wait()
        device.launch(F32, (1, 1, 1))
        device.wait()
        streams.append((cupy.current.device, *cupy.current.stream))

    for _ in range(2):
        thread = threading.Thread(target=batch)
        thread.start()
        thread.join()
    assert streams == [(1, number, {"non_blocking": True}) for number in (1, 2)]
    assert [each[1] for each in cupy.done if each[0] == "waited"] == [1, 1, 2, 2]
