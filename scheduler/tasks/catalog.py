"""What a scheduler does: the functions that the modules beside this one register."""

from collections.abc import Mapping
from typing import Any

from ..contract.catalog import TASKS
from ..contract.modules import import_modules
from ..contract.tasks.spec import AnyTask
from ..contract.tiers import Tier
from .functions import FUNCTIONS, SHORT, Short, TaskFunction

assert __package__ is not None
import_modules(__package__)


def tasks_of(tier: Tier) -> list[AnyTask]:
    """The tasks of one tier."""
    return [task for task in TASKS.values() if task.tier == tier]


def functions_of(tier: Tier) -> Mapping[str, TaskFunction[Any, Any]]:
    """What a scheduler of this tier does for each of its tasks."""
    return {task.name: FUNCTIONS[task.name] for task in tasks_of(tier)}


def short_of(tier: Tier) -> Mapping[str, Short]:
    """Those of a tier's tasks that may be so short that one thread does them from begin to end."""
    return {task.name: SHORT[task.name] for task in tasks_of(tier) if task.name in SHORT}
