"""What devices are called."""

import re

CUDA_DEVICE = re.compile(r"cuda:(\d+)")


def cuda_index(device: str) -> int | None:
    """The N of ``cuda:N``, as CUDA numbers the GPUs it shows; None: it is no such device."""
    named = CUDA_DEVICE.fullmatch(device)
    return int(named[1]) if named else None
