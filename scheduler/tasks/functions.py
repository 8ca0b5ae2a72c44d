"""Which function does which task: each is registered where it is written."""

from collections.abc import Callable, Coroutine
from typing import Any

from ..contract.tasks.spec import PayloadT, ReplyT, TaskSpec
from .runner import Runner

TaskFunction = Callable[[PayloadT, Runner], Coroutine[Any, Any, ReplyT]]
Short = Callable[[Any], bool]

FUNCTIONS: dict[str, TaskFunction[Any, Any]] = {}
SHORT: dict[str, Short] = {}
"""Task type to whether what is asked for takes so little that one thread may do it from begin to end."""


def performs(
    task: TaskSpec[PayloadT, ReplyT], short: Callable[[PayloadT], bool] | None = None
) -> Callable[[TaskFunction[PayloadT, ReplyT]], TaskFunction[PayloadT, ReplyT]]:
    """Register the function below as the one that does this task in a scheduler.

    ``short``: see ``SHORT``. A function that has one awaits nothing but its runner.
    """

    def register(function: TaskFunction[PayloadT, ReplyT]) -> TaskFunction[PayloadT, ReplyT]:
        FUNCTIONS[task.name] = function
        if short is not None:
            SHORT[task.name] = short
        return function

    return register
