"""What a daemon that has just come up serves, in words for who started it."""

import asyncio
import time
from collections.abc import Mapping

import msgspec

from argusd.interviewer_bridge.errors import Refused, Unreachable

from .asking import ask
from .options import Endpoint

SETTLED_WITHIN_S = 5.0  # the api meets processes that are ready within a second or two
ASK_EVERY_S = 0.2


class Served(msgspec.Struct, frozen=True):
    """The part of ``/ready`` that tells which streams and which tasks are served."""

    streams: dict[str, bool]
    tasks: dict[str, bool]


async def what_is_served(daemon: Endpoint) -> str:
    """The end of a sentence that begins with: the daemon is up."""
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while True:
        try:
            return in_words(await ask(daemon, "GET", "/ready?tiers=live,bulk", Served))
        except (Refused, Unreachable):
            if time.monotonic() >= deadline:
                return "but cannot serve sessions yet: `argusd doctor` names what it lacks"
        await asyncio.sleep(ASK_EVERY_S)


def in_words(served: Served) -> str:
    """The streams, and the tasks or those that are missing."""
    streams = ", ".join(name for name, there in served.streams.items() if there)
    missing = [name for name, there in served.tasks.items() if not there]
    return f"serves {streams} and {_tasks(served.tasks, missing)}"


def _tasks(tasks: Mapping[str, bool], missing: list[str]) -> str:
    return f"all {len(tasks)} tasks" if not missing else f"all tasks but {', '.join(missing)}"
