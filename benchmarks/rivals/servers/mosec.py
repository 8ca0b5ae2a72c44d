"""mosec (github.com/mosecorg/mosec, Apache-2.0): ``POST /inference`` with a JPEG, JSON back.

``python -m argusd.benchmarks.rivals.servers.mosec TASK PORT WORKERS BATCH WAIT_MS``.
"""

import sys
from typing import Any

from mosec import Server, Worker

from ..pipelines import PIPELINES, Answer

TASK, PORT, WORKERS, BATCH, WAIT_MS = sys.argv[1], *map(int, sys.argv[2:])


class Infer(Worker):
    """One process that infers."""

    def __init__(self) -> None:
        super().__init__()
        self._pipeline = PIPELINES[TASK]()

    def deserialize(self, data: bytes) -> bytes:
        """A JPEG stays as it is."""
        return data

    def forward(self, data: Any) -> Answer | list[Answer]:
        """One JPEG, or several where batches are wanted."""
        return self._pipeline([data])[0] if BATCH == 1 else self._pipeline(data)


if __name__ == "__main__":
    # mosec reads its own options from the command line.
    sys.argv[1:] = ["--address", "127.0.0.1", "--port", str(PORT), "--timeout", "60000"]
    server = Server()
    server.append_worker(Infer, num=WORKERS, max_batch_size=BATCH, max_wait_time=WAIT_MS)
    server.run()
