"""Which function does which of the tasks that the api does itself: each is registered where it is written."""

from collections.abc import Awaitable, Callable
from typing import Any

from argusd.scheduler.contract.tasks.spec import PayloadT, ReplyT, TaskSpec

from .llm import Llm

# Of a payload, with the language models and the seconds that they have at most.
TextFunction = Callable[[PayloadT, Llm, float], Awaitable[ReplyT]]

FUNCTIONS: dict[str, TextFunction[Any, Any]] = {}


def performs(
    task: TaskSpec[PayloadT, ReplyT],
) -> Callable[[TextFunction[PayloadT, ReplyT]], TextFunction[PayloadT, ReplyT]]:
    """Register the function below as the one that does this task in the api."""

    def register(function: TextFunction[PayloadT, ReplyT]) -> TextFunction[PayloadT, ReplyT]:
        FUNCTIONS[task.name] = function
        return function

    return register
