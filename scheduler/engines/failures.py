"""What a library's error text means for the scheduler. CUDA's errors read alike in all of them."""

import re

from ..errors import DeviceLost, InferenceFailed, OutOfMemory

OUT_OF_MEMORY = re.compile(
    r"out of memory|failed to allocate|ALLOC_FAILED|bad_alloc|can't allocate memory", re.IGNORECASE
)
# CUDA errors after which every call of the process fails (CUDA runtime API, cudaError_t): uncorrectable ECC,
# illegal address, launch timeout, assert, hardware stack, illegal instruction, misaligned address,
# invalid address space, invalid pc, launch failure. ONNX Runtime says the number, PyTorch and CuPy the words.
STICKY = re.compile(
    r"(?:CUDA (?:failure|error):?|cudaError\w+:) "
    r"(?:(?:214|700|702|710|714|715|716|717|718|719)\b|uncorrectable ECC|"
    r"an illegal (?:memory access|instruction)|the launch timed out|device-side assert|hardware stack|"
    r"misaligned address|operation not supported on global|invalid program counter|unspecified launch)",
    re.IGNORECASE,
)


def failure(text: str, library: str = "ONNX Runtime") -> InferenceFailed:
    """Retry smaller, give up the process, or this batch alone."""
    if STICKY.search(text):
        return DeviceLost("the CUDA device cannot be used by this process any more")
    if OUT_OF_MEMORY.search(text):
        return OutOfMemory("the device has no memory for this batch")
    return InferenceFailed(f"{library} could not run the batch")
