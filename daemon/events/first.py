"""Waiting for whichever comes first."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(watched: asyncio.Task[Any], *others: Coroutine[Any, Any, Any]) -> None:
    """Wait until ``watched`` or any of the others is done; cancel the others then, not ``watched``."""
    tasks = [asyncio.create_task(other) for other in others]
    try:
        await asyncio.wait([watched, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
