"""Which function does which task: each is registered where it is written."""

from collections.abc import Awaitable, Callable
from typing import Any

from ..contract.tasks.spec import PayloadT, ReplyT, TaskSpec
from .runner import Runner

TaskFunction = Callable[[PayloadT, Runner], Awaitable[ReplyT]]

FUNCTIONS: dict[str, TaskFunction[Any, Any]] = {}


def performs(
    task: TaskSpec[PayloadT, ReplyT],
) -> Callable[[TaskFunction[PayloadT, ReplyT]], TaskFunction[PayloadT, ReplyT]]:
    """Register the function below as the one that does this task in a scheduler."""

    def register(function: TaskFunction[PayloadT, ReplyT]) -> TaskFunction[PayloadT, ReplyT]:
        FUNCTIONS[task.name] = function
        return function

    return register
