"""NVIDIA's run-time compiler without a GPU: its wheel's library, called as CuPy calls it with one."""

import ctypes
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from typing import NamedTuple

import pytest

REPORT = re.compile(
    r"Compiling entry function '(?P<kernel>\w+)'.*?(?P<stack>\d+) bytes stack frame, "
    r"(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r".*?Used (?P<registers>\d+) registers",
    re.DOTALL,
)


class Compiled(NamedTuple):
    """What the assembler says of a kernel: bytes that it keeps on a stack, or spills to memory; registers."""

    stack: int
    stores: int
    loads: int
    registers: int


def compiled(source: str, *options: str) -> dict[str, Compiled]:
    """Each kernel of a CUDA source.

    Raises:
        AssertionError: with the compiler's words.
    """
    library, program = _library(), ctypes.c_void_p()
    assert library.nvrtcCreateProgram(ctypes.byref(program), source.encode(), None, 0, None, None) == 0
    words = [option.encode() for option in (*options, "--ptxas-options=-v")]
    failed = library.nvrtcCompileProgram(program, len(words), (ctypes.c_char_p * len(words))(*words))
    size = ctypes.c_size_t()
    assert library.nvrtcGetProgramLogSize(program, ctypes.byref(size)) == 0
    log = ctypes.create_string_buffer(size.value)
    assert library.nvrtcGetProgramLog(program, log) == 0
    assert library.nvrtcDestroyProgram(ctypes.byref(program)) == 0
    said = log.value.decode()
    assert not failed, said
    return {
        found["kernel"]: Compiled(*(int(found[name]) for name in Compiled._fields))
        for found in REPORT.finditer(said)
    }


@cache
def _library() -> ctypes.CDLL:
    try:
        wheel = files("nvidia-cuda-nvrtc") or []
    except PackageNotFoundError:
        pytest.skip("nvidia-cuda-nvrtc is not installed")
    (path,) = [file.locate() for file in wheel if re.fullmatch(r"libnvrtc\.so\.\d+", file.name)]
    return ctypes.CDLL(str(path))
