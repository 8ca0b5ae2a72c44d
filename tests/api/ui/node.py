"""A program in Node that uses the client as the daemon serves it."""

import asyncio
import json
import shutil
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ...waiting import LONGEST_S
from ..fixtures import RunningApi

PARTS = ("argusd.js", "argusd_publication.js", "argusd_stream.js")
PROGRAM = """
const {{ Argusd, ArgusdError }} = await import("{client}");
const argusd = new Argusd({{ url: "{url}", token: {token} }});
const print = (value) => console.log(JSON.stringify(value));
{script}
"""


class Program:
    """It says something in each line, as JSON."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def says(self) -> Any:
        """The next thing that it says."""
        assert self._process.stdout is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), LONGEST_S)
        return json.loads(line)


@asynccontextmanager
async def running(api: RunningApi, script: str, token: str | None = None) -> AsyncIterator[Program]:
    """The script at work: it has ``argusd``, a client of this api, and ``print``."""
    if shutil.which("node") is None:
        pytest.skip("Node is not here")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "package.json").write_text('{"type": "module"}')
        client = Path(folder) / PARTS[0]
        for part in PARTS:
            async with api.http.get(f"/ui/{part}") as response:
                (Path(folder) / part).write_bytes(await response.read())
        program = PROGRAM.format(client=client, url=api.url, token=json.dumps(token), script=script)
        process = await asyncio.create_subprocess_exec(
            "node", "--experimental-websocket", "--input-type=module", "--eval", program, stdout=PIPE
        )
        try:
            yield Program(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def result(api: RunningApi, script: str, token: str | None = None) -> Any:
    """What a short script says."""
    async with running(api, script, token) as program:
        return await program.says()
