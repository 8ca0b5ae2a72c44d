"""The real library's memory, as the kernel counts it."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import psutil
import pytest
from onnx import TensorProto, helper

from argusd.scheduler.engines.arena import give_back
from argusd.scheduler.engines.onnx_runtime import OnnxEngine

MIB = 1 << 20
LARGE = 32 * MIB


@pytest.fixture
def engine() -> Callable[[], OnnxEngine]:
    """Makes engines whose graph fills a tensor of as many f32 as it is told, and gives one number back."""
    graph = helper.make_graph(
        [
            helper.make_node("ConstantOfShape", ["count"], ["zeros"]),
            helper.make_node("Exp", ["zeros"], ["ones"]),
            helper.make_node("ReduceMax", ["ones"], ["most"], keepdims=0),
        ],
        "filling",
        [helper.make_tensor_value_info("count", TensorProto.INT64, [1])],
        [helper.make_tensor_value_info("most", TensorProto.FLOAT, [])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return lambda: OnnxEngine(bytes(model.SerializeToString()), "filling.onnx", "cpu")


def fill(engine: OnnxEngine, nbytes: int) -> None:
    [most] = engine.run({"count": np.array([nbytes // 4])})
    assert most == 1.0


def private() -> int:
    return int(psutil.Process().memory_full_info().uss)


def test_what_a_batch_took_is_given_back(engine: Callable[[], OnnxEngine]) -> None:
    filling = engine()
    fill(filling, 4)
    give_back()
    before = private()
    fill(filling, LARGE)
    assert private() - before > 0.9 * LARGE  # so that the next one need not ask the kernel for it
    give_back()
    assert private() - before < 0.1 * LARGE


def test_what_one_model_took_serves_others_and_other_sizes(engine: Callable[[], OnnxEngine]) -> None:
    first, second = engine(), engine()
    fill(first, LARGE)
    before = private()
    for parts in (1, 2, 3, 5):
        fill(second, LARGE // parts)
    assert private() - before < 0.1 * LARGE
    give_back()


# The heap of its own that a thread would have keeps its end up to twice the largest block that was freed.
THREAD_AT_REST = f"""
import threading
import numpy as np
import psutil
from argusd.scheduler.engines.arena import give_back, share_heap

def private():
    return psutil.Process().memory_full_info().uss

def work():
    np.ones({LARGE // 4}, np.uint8)
    worked.set()
    over.wait()

share_heap()
np.ones({LARGE - MIB}, np.uint8)
give_back()
before, worked, over = private(), threading.Event(), threading.Event()
thread = threading.Thread(target=work)
thread.start()
worked.wait()
taken = private() - before
give_back()
print(taken, private() - before)
over.set()
thread.join()
"""


def test_what_a_thread_freed_is_given_back_while_it_rests() -> None:
    run = subprocess.run([sys.executable, "-c", THREAD_AT_REST], capture_output=True, text=True, check=True)
    taken, left = map(int, run.stdout.split())
    assert taken > 0.9 * LARGE // 4
    assert left < 0.1 * LARGE // 4
