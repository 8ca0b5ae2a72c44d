"""Texts as the libraries print them."""

import pytest

from argusd.scheduler.engines.failures import failure
from argusd.scheduler.errors import DeviceLost, InferenceFailed, OutOfMemory


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CUDA failure 2: out of memory ; GPU=0", OutOfMemory),
        ("Failed to allocate memory for requested buffer of size 9", OutOfMemory),
        ("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED", OutOfMemory),
        ("CUDA failure 700: an illegal memory access was encountered", DeviceLost),
        ("CUDA error 719: unspecified launch failure", DeviceLost),
        ("CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be", DeviceLost),
        ("CUDA error: device-side assert triggered", DeviceLost),
        ("CUDA error: out of memory\nCUDA kernel errors might be", OutOfMemory),
        ("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79", OutOfMemory),
        ("CUDA error: invalid configuration argument", InferenceFailed),
        ("Got invalid dimensions for input: x", InferenceFailed),
        ("CUDA failure 7000", InferenceFailed),
        ("cudaErrorIllegalAddress: an illegal memory access was encountered", DeviceLost),
        ("cudaErrorMemoryAllocation: out of memory", OutOfMemory),
        ("cudaErrorInvalidConfiguration: invalid configuration argument", InferenceFailed),
        ("Out of memory allocating 1,024 bytes (allocated so far: 512 bytes).", OutOfMemory),
        ("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory", OutOfMemory),
    ],
)
def test_what_the_library_says_tells_what_to_do(text: str, kind: type[InferenceFailed]) -> None:
    assert type(failure(text)) is kind
