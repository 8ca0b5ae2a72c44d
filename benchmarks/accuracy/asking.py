"""One daemon, asked as its callers do; what it refuses is an answer as well."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import cv2

from argusd.interviewer_bridge.client import MLOrchestratorClient
from argusd.interviewer_bridge.errors import OrchestratorError

from ..harness import NotMeasurable

SIDE = 1920  # a camera's; pictures that are larger are made smaller
QUALITY = 92
LOOKS, PAUSE_S, ANSWER_S = 6, 0.3, 6.0
TASK_S = 180.0  # on a busy machine a page takes its time

Answer = dict[str, Any]


class Daemon:
    """The daemon at ``url``; every session has a name of its own."""

    def __init__(self, client: MLOrchestratorClient) -> None:
        self.client = client
        self._run = uuid4().hex[:8]
        self._numbers = count()

    def session(self) -> str:
        """A name that nobody had before."""
        return f"accuracy-{self._run}-{next(self._numbers)}"

    async def define(self, session: str, policy: Mapping[str, Any], streams: Sequence[str]) -> None:
        """Say what is watched; of the policy what is not the default, which older daemons know as well.

        Raises:
            NotMeasurable: the daemon says no.
        """
        body = {"policy": policy, "streams": streams}
        async with (
            aiohttp.ClientSession(self.client.base_url) as http,
            http.put(f"/sessions/{session}", json=body) as response,
        ):
            if not response.ok:
                raise NotMeasurable(f"the daemon takes no session: {await response.text()}")

    async def task(self, name: str, **payload: Any) -> Answer:
        """The task's result, or ``{"error": CODE}``."""
        try:
            return await self.client.infer(self.session(), name, payload, timeout_s=TASK_S)
        except OrchestratorError as error:
            return {"error": error.code}

    async def last_look(self, jpeg: bytes) -> Answer:
        """What a face stream says last of a picture that is shown to it ``LOOKS`` times."""
        answered = asyncio.Event()

        async def shown() -> AsyncIterator[bytes]:
            for _ in range(LOOKS):
                answered.clear()
                yield jpeg
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(answered.wait(), ANSWER_S)
                await asyncio.sleep(PAUSE_S)

        last: Answer = {"error": "no_answer"}
        try:
            async for finding in self.client.stream(self.session(), "face", shown()):
                last = finding
                answered.set()
        except OrchestratorError as error:
            return {"error": error.code}
        return last


def jpeg(path: Path) -> bytes:
    """The picture as a camera would send it.

    Raises:
        NotMeasurable: it is no picture.
    """
    picture = cv2.imread(str(path))
    if picture is None:
        raise NotMeasurable(f"{path} is no picture that OpenCV reads")
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    if scale < 1:
        size = (int(width * scale), int(height * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1])
