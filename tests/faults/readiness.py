"""What ``/ready`` says."""

import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec

from ..live_daemon import Daemon


def ready(daemon: Daemon, tiers: str = "live") -> tuple[int, dict[str, Any]]:
    """Its status and body; ``tiers``: ``live``, ``bulk``, or both with a comma."""
    try:
        with urlopen(f"{daemon.url}/ready?tiers={tiers}") as response:
            return response.status, msgspec.json.decode(response.read())
    except HTTPError as error:
        with error:
            return error.code, msgspec.json.decode(error.read())


def until_ready(daemon: Daemon, tiers: str = "live") -> None:
    """Return once it is 200."""
    while ready(daemon, tiers)[0] != 200:
        time.sleep(0.02)
