"""The plain design's services: one FastAPI process for each domain, which callers reach by ``plain_proxy``.

``python -m argusd.benchmarks.rivals.servers.plain_service DOMAIN PORT``, DOMAIN being face, video or audio. A
request brings one base64 JPEG, a WebSocket one frame a message; each is prepared, run and decoded alone, in
one of ``THREADS`` threads, in the order in which they came.
"""

import asyncio
import base64
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

from ..pipelines import WATCHES, Answer, FaceEmbed, RoomScan

TASKS: dict[str, Callable[[], Callable[[Sequence[bytes]], list[Answer]]]] = {
    "face": FaceEmbed,
    "video": RoomScan,
}
THREADS = 2


class Image(BaseModel):
    """What is asked about."""

    image_b64: str


def service(domain: str) -> FastAPI:
    """One domain's service."""
    app, pool = FastAPI(), ThreadPoolExecutor(THREADS)
    watch = WATCHES[domain]()

    if domain in TASKS:
        do = TASKS[domain]()

        @app.post("/infer")
        async def infer(image: Image) -> Any:
            jpeg = base64.b64decode(image.image_b64)
            return (await asyncio.get_running_loop().run_in_executor(pool, do, [jpeg]))[0]

    @app.websocket("/stream/{session_id}")
    async def stream(socket: WebSocket, session_id: str) -> None:
        await socket.accept()
        look = watch.begin()
        try:
            while True:
                data = await socket.receive_bytes()
                # A window of sound takes less than a thread's turn.
                answer = (
                    look(data)
                    if domain == "audio"
                    else await asyncio.get_running_loop().run_in_executor(pool, look, data)
                )
                await socket.send_json({"session_id": session_id, "stream": domain, **answer})
        except WebSocketDisconnect:
            pass

    return app


if __name__ == "__main__":
    uvicorn.run(
        service(sys.argv[1]),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
