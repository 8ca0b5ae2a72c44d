"""aqueduct (github.com/avito-tech/aqueduct, MIT) behind aiohttp: ``POST /`` with a JPEG, JSON back.

``python -m argusd.benchmarks.rivals.servers.aqueduct TASK PORT WORKERS BATCH WAIT_MS``.
"""

import logging
import sys

from aiohttp import web
from aqueduct import BaseTask, BaseTaskHandler, Flow, FlowStep

from ..pipelines import PIPELINES, Answer

MAX_BODY = 16 << 20
TIMEOUT_S = 60.0


class Question(BaseTask):
    """A JPEG, later its answer."""

    def __init__(self, jpeg: bytes) -> None:
        super().__init__()
        self.jpeg = jpeg
        self.answer: Answer = {}


class Infer(BaseTaskHandler):
    """One process that infers."""

    def __init__(self, task: str) -> None:
        self._task = task

    def on_start(self) -> None:
        """Load the models."""
        self._pipeline = PIPELINES[self._task]()

    def handle(self, *questions: Question) -> None:
        """Answer a batch; the JPEGs need not travel back."""
        answers = self._pipeline([question.jpeg for question in questions])
        for question, answer in zip(questions, answers, strict=True):
            question.answer, question.jpeg = answer, b""


def main(task: str, port: int, workers: int, batch: int, wait_ms: int) -> None:
    """Serve."""
    logging.disable(logging.INFO)
    step = FlowStep(Infer(task), nprocs=workers, batch_size=batch, batch_timeout=wait_ms / 1000)
    flow = Flow(step, metrics_enabled=False)

    async def infer(request: web.Request) -> web.Response:
        question = Question(await request.read())
        await flow.process(question, timeout_sec=TIMEOUT_S)
        return web.json_response(question.answer)

    async def begin(_app: web.Application) -> None:
        flow.start()

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/", infer)
    app.on_startup.append(begin)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
