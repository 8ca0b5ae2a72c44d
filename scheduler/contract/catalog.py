"""Every task, by name: whatever the modules of ``tasks`` declare."""

from collections.abc import Mapping

from .modules import import_modules
from .tasks.spec import AnyTask, TaskSpec

TASKS: Mapping[str, AnyTask] = {
    each.name: each
    for module in import_modules(f"{__package__}.tasks")
    for each in vars(module).values()
    if isinstance(each, TaskSpec)
}
# What callers may ask for; the others are the daemon's own.
PUBLIC_TASKS: Mapping[str, AnyTask] = {name: task for name, task in TASKS.items() if task.paths}
