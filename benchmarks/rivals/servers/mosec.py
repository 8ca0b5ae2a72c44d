"""mosec (github.com/mosecorg/mosec, Apache-2.0): ``POST /inference`` with a JPEG, JSON back.

``python -m argusd.benchmarks.rivals.servers.mosec TASK PORT WORKERS BATCH WAIT_MS``.
"""

import os
import sys
from typing import Any

from mosec import Server, Worker

from ..pipelines import PIPELINES, Answer

TASK, BATCH = "RIVAL_TASK", "RIVAL_BATCH"  # variables of the workers' environment


class Infer(Worker):
    """One process that infers."""

    def __init__(self) -> None:
        super().__init__()
        self._pipeline = PIPELINES[os.environ[TASK]]()
        self._batches = os.environ[BATCH] != "1"

    def deserialize(self, data: bytes) -> bytes:
        """A JPEG stays as it is."""
        return data

    def forward(self, data: Any) -> Answer | list[Answer]:
        """One JPEG, or several where batches are wanted."""
        return self._pipeline(data) if self._batches else self._pipeline([data])[0]


def main(task: str, port: int, workers: int, batch: int, wait_ms: int) -> None:
    """Serve. mosec reads its own options from the command line."""
    sys.argv[1:] = ["--address", "127.0.0.1", "--port", str(port), "--timeout", "60000"]
    server = Server()
    variables = [{TASK: task, BATCH: str(batch)}] * workers
    server.append_worker(Infer, num=workers, max_batch_size=batch, max_wait_time=wait_ms, env=variables)
    server.run()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
