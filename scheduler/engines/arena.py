"""Memory for what graphs compute in between, on the CPU: one pool for all models of the process.

ONNX Runtime keeps what a batch took, else each of the next ones would have the kernel clear its pages anew. A
pool for each model would keep the largest batch of every one of them, although only as many are at work as
there are threads. What lies in the pool unused is given back when there is time.

So it is with what is allocated outside of graphs: glibc keeps a heap for each thread, and gives back the end
of the first alone.
"""

import contextlib
import ctypes
from functools import lru_cache

import numpy as np
import onnxruntime

# ONNX, as protocol buffers: y = Identity(x), both f32 [1]. The library gives back at the end of a run alone.
LEAST_GRAPH = bytes.fromhex(
    "0808 4202100d 3a37"  # ir_version 8, opset 13, graph:
    "0a10 0a0178 120179 22084964656e74697479"  # node: x, y, Identity
    "1201 67 5a0f 0a0178 120a 0a08 0801 1204 0a020801"  # name g; input x, float, [1]
    "620f 0a0179 120a 0a08 0801 1204 0a020801"  # output y
)

M_ARENA_MAX = -8  # glibc, malloc.h


def share_heap() -> None:
    """Have all threads allocate from one heap; those that have another by now keep it."""
    with contextlib.suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


@lru_cache(maxsize=1)
def share_arena() -> None:
    """Make the pool. Sessions with the options of ``use_arena`` take their memory from it."""
    kind, place = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, onnxruntime.OrtMemType.DEFAULT
    cpu = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, place)
    onnxruntime.create_and_register_allocator(cpu, None)


def use_arena(options: onnxruntime.SessionOptions) -> None:
    """Have a session take its memory from the pool.

    Piece by piece: a block for all of a batch, as the library plans it, fits no batch of another size.
    """
    share_arena()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.enable_mem_pattern = False


def give_back() -> None:
    """Give back what nothing computes with now; a batch at work keeps what it has."""
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    _least_session().run(None, {"x": np.zeros(1, np.float32)}, options)
    with contextlib.suppress(AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


@lru_cache(maxsize=1)
def _least_session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    use_arena(options)
    return onnxruntime.InferenceSession(LEAST_GRAPH, options, providers=["CPUExecutionProvider"])
