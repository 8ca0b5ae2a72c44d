"""An OpenAI-compatible server whose answers a test sets; it keeps the requests it gets."""

import asyncio
from typing import Any, Self

from aiohttp import web

from argusd.api.analysis.completion import load_library
from argusd.api.config import LlmProfile


class FakeLlm:
    """Answers each request with the next of ``answers`` (the last one again and again).

    A str is what the model says, an int an HTTP status, bytes a raw 200 body, None silence.
    """

    def __init__(self, *answers: str | int | bytes | None) -> None:
        self._answers = list(answers)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.together = 0  # the most requests that were open at a time
        self.gate: asyncio.Event | None = None  # while it is there and not set, answers wait for it
        self.open = 0
        self.url = ""
        self._arrival = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await load_library()  # takes seconds, which the first answer would have to do without
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def profile(self, **changes: Any) -> LlmProfile:
        return LlmProfile(**{"model": "judge", "base_url": self.url, "timeout_s": 10.0, **changes})

    async def holds(self, requests: int) -> None:
        """Wait until that many requests are open."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: self.open == requests)

    async def _complete(self, request: web.Request) -> web.Response:
        self.requests.append(await request.json())
        self.keys.append(request.headers["Authorization"])
        self.open += 1
        self.together = max(self.together, self.open)
        async with self._arrival:
            self._arrival.notify_all()
        try:
            if self.gate is not None:
                await self.gate.wait()
            return await self._answer(self._answers[0] if len(self._answers) == 1 else self._answers.pop(0))
        finally:
            self.open -= 1

    async def _answer(self, answer: str | int | bytes | None) -> web.Response:
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type="application/json")
        if isinstance(answer, int):
            # As some servers do, it repeats what was sent.
            said = self.requests[-1]["messages"][-1]["content"]
            return web.json_response({"error": {"message": f"cannot answer {said}"}}, status=answer)
        message = {"role": "assistant", "content": answer}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "judge", "usage": usage}
        return web.json_response({**body, "choices": [choice]})
