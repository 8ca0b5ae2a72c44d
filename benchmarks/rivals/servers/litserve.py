"""LitServe (github.com/Lightning-AI/LitServe, Apache-2.0): ``POST /predict`` with base64 in JSON, JSON back.

``python -m argusd.benchmarks.rivals.servers.litserve TASK PORT WORKERS BATCH WAIT_MS``.
"""

import base64
import sys
from collections.abc import Sequence
from typing import Any

import litserve

from ..pipelines import PIPELINES, Answer


class Api(litserve.LitAPI):
    """One task's pipeline in each worker."""

    task = ""

    def setup(self, device: str) -> None:  # noqa: ARG002
        """Load the models."""
        self.pipeline = PIPELINES[self.task]()

    def decode_request(self, request: dict[str, str]) -> bytes:
        """The JPEG."""
        return base64.b64decode(request["image_b64"])

    def batch(self, inputs: list[bytes]) -> list[bytes]:
        """As they are."""
        return inputs

    def predict(self, x: Any) -> list[Answer]:
        """One JPEG, or several where batches are wanted."""
        return self.pipeline(x if self.max_batch_size > 1 else [x])

    def unbatch(self, output: Sequence[Answer]) -> Sequence[Answer]:
        """As they are."""
        return output

    def encode_response(self, output: Any) -> Answer:
        """An answer."""
        answer: Answer = output if self.max_batch_size > 1 else output[0]
        return answer


def main(task: str, port: int, workers: int, batch: int, wait_ms: int) -> None:
    """Serve."""
    api = Api(max_batch_size=batch, batch_timeout=wait_ms / 1000)
    api.task = task  # goes to the workers with it
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=workers)
    server.run(
        host="127.0.0.1",
        port=port,
        log_level="warning",
        generate_client_file=False,
        num_api_servers=1,
        access_log=False,
    )


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
