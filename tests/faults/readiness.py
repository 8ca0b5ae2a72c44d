"""What ``/ready`` says."""

import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec

from ..live_daemon import Daemon


def ready(daemon: Daemon) -> tuple[int, dict[str, Any]]:
    """Its status and body."""
    try:
        with urlopen(f"{daemon.url}/ready") as response:
            return response.status, msgspec.json.decode(response.read())
    except HTTPError as error:
        with error:
            return error.code, msgspec.json.decode(error.read())


def until_ready(daemon: Daemon) -> None:
    """Return once it is 200."""
    while ready(daemon)[0] != 200:
        time.sleep(0.02)
