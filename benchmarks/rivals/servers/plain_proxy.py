"""The plain design's front: hands requests and streams on to their domain's service.

``python -m argusd.benchmarks.rivals.servers.plain_proxy PORT FACE_PORT VIDEO_PORT AUDIO_PORT``.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
import websockets
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect

HOST = "127.0.0.1"
DOMAINS = ("face", "video", "audio")
TIMEOUT_S = 60.0
CONNECTIONS = 100
MAX_MESSAGE = 8 << 20


def proxy(ports: dict[str, int]) -> FastAPI:
    """Hands requests and streams on to their domain's service."""
    clients: list[httpx.AsyncClient] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
        async with httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits) as client:
            clients.append(client)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/ml/{domain}/infer")
    async def infer(domain: str, request: Request) -> Response:
        answer = await clients[0].post(
            f"http://{HOST}:{ports[domain]}/infer",
            content=await request.body(),
            headers={"content-type": "application/json"},
        )
        return Response(answer.content, answer.status_code, media_type="application/json")

    @app.websocket("/ml/stream/{session_id}/{domain}")
    async def stream(socket: WebSocket, session_id: str, domain: str) -> None:
        await socket.accept()
        url = f"ws://{HOST}:{ports[domain]}/stream/{session_id}"
        async with websockets.connect(url, compression=None, max_size=MAX_MESSAGE) as upstream:

            async def forth() -> None:
                try:
                    while True:
                        await upstream.send(await socket.receive_bytes())
                except WebSocketDisconnect:
                    await upstream.close()

            async def back() -> None:
                async for text in upstream:
                    await socket.send_text(str(text))

            tasks = [asyncio.create_task(forth()), asyncio.create_task(back())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    return app


if __name__ == "__main__":
    front, *services = map(int, sys.argv[1:])
    uvicorn.run(
        proxy(dict(zip(DOMAINS, services, strict=True))),
        host=HOST,
        port=front,
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
