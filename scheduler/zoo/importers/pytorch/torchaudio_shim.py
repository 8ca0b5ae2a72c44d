"""Import torchaudio where its compiled half does not fit the installed PyTorch.

torchaudio's wheels are compiled against CUDA builds of PyTorch; beside a CPU build their library cannot be
loaded, and ``import torchaudio`` ends with an ``OSError``. What pyannote uses of it is plain Python, which
works without that library. A pair that fits is left alone.
"""

import sys
from functools import cache
from types import ModuleType
from typing import Any


@cache
def ensure_torchaudio() -> None:
    """Make ``import torchaudio`` work in this process. Takes a second the first time.

    Raises:
        ImportError: torchaudio or PyTorch is not installed.
    """
    try:
        import torchaudio  # noqa: F401 - seconds and hundreds of megabytes, only where it is wanted
    except OSError:
        _import_without_library()


def _import_without_library() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        del sys.modules[name]
    # What torchaudio itself finds where it was built without a compiled half.
    extension: Any = ModuleType("torchaudio._extension")
    extension._IS_TORCHAUDIO_EXT_AVAILABLE = extension._IS_ALIGN_AVAILABLE = False
    extension.fail_if_no_align = _needs_library
    sys.modules["torchaudio._extension"] = extension
    import torchaudio  # noqa: F401 - as above


def _needs_library(function: Any) -> Any:
    def fail(*arguments: object, **named: object) -> None:  # noqa: ARG001 - stands for any function
        raise RuntimeError(f"{function.__name__} needs torchaudio's compiled library")

    return fail
