"""nvidia-pytriton (github.com/triton-inference-server/pytriton, Apache-2.0): KServe v2 over HTTP.

``python -m argusd.benchmarks.rivals.servers.pytriton TASK PORT WORKERS BATCH WAIT_MS``. A request is a tensor
of one byte string, the JPEG in base64; so is the answer, JSON.
"""

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

from ..pipelines import PIPELINES

MODEL = "task"


def inference(task: str) -> Callable[..., Any]:
    """One worker's function from a batch of JPEGs to their answers."""
    pipeline = PIPELINES[task]()

    def infer(jpeg: Any) -> dict[str, Any]:
        answers = pipeline([base64.b64decode(row[0]) for row in jpeg])
        return {"answer": np.array([[json.dumps(answer).encode()] for answer in answers], dtype=bytes)}

    batched: Callable[..., Any] = batch(infer)
    return batched


def main(task: str, port: int, workers: int, most: int, wait_ms: int) -> None:
    """Serve."""
    config = TritonConfig(http_port=port, grpc_port=port + 1, metrics_port=port + 2, log_verbose=0)
    with Triton(config=config) as triton:
        triton.bind(
            model_name=MODEL,
            infer_func=[inference(task) for _ in range(workers)],
            inputs=[Tensor(name="jpeg", dtype=bytes, shape=(1,))],
            outputs=[Tensor(name="answer", dtype=bytes, shape=(1,))],
            config=ModelConfig(
                max_batch_size=most, batcher=DynamicBatcher(max_queue_delay_microseconds=1000 * wait_ms)
            ),
        )
        triton.serve()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
