"""The api as a process of its own, which can be killed."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
import psutil

from argusd.api.config import ApiConfig

from .fixtures import RunningApi

SERVE = """
import asyncio, sys
from tests.api.api_process import config_of
from argusd.api.app import run_api
asyncio.run(run_api(config_of(sys.argv[1]), asyncio.Event(), lambda: print("ready", flush=True)))
"""


def config_of(text: str) -> ApiConfig:
    """The configuration that a process was given on its command line."""
    return msgspec.convert(msgspec.json.decode(text), ApiConfig, dec_hook=lambda kind, value: kind(value))


class ApiProcess(RunningApi):
    """The api in a child process, on the same port and state each time; to close it is to kill it.

    ``environment``: what its processes have in addition to ours.
    """

    def __init__(self, config: ApiConfig, **environment: str) -> None:
        super().__init__(config)
        self._environment = os.environ | environment

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            SERVE,
            msgspec.json.encode(self.config, enc_hook=str).decode(),
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            cwd=Path(__file__).parents[2],
        )
        assert self._process.stdout is not None
        assert await self._process.stdout.readline() == b"ready\n"
        self.connect()

    @property
    def pid(self) -> int:
        return self._process.pid

    def redis(self) -> psutil.Process:
        """The embedded Redis."""
        (server,) = psutil.Process(self.pid).children()
        return server

    async def close(self) -> None:
        await self.http.close()
        self._process.send_signal(signal.SIGKILL)
        await self._process.communicate()  # and not only until it has ended: its pipe is closed, too
