"""docs/tasks.md: what each task takes and gives, made of its specification."""

import msgspec
from msgspec.inspect import StructType, type_info

from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.tasks.spec import AnyTask

from .configuration import COLUMNS, about, row

HEAD = """# Tasks

What can be asked at `POST /ml/infer` with `task_type`, or at a path of the task's own: the payload of each,
and the `result` that comes back.

This page is made of the specifications that requests are checked against (`daemon/reference/`).

"""


def tasks() -> str:
    """Every task that callers may ask for."""
    return HEAD + "\n".join(section(task) for _, task in sorted(PUBLIC_TASKS.items()))


def section(task: AnyTask) -> str:
    """One task: where it is asked for, its payload and its result."""
    paths = ", ".join(f"`{each.path}`" for each in task.paths)
    parts = [f"## `{task.name}`\n", f"Paths: {paths}\n"]
    return "\n".join([*parts, *fields("Payload", task.payload), *fields("Result", task.reply)])


def fields(title: str, kind: type[msgspec.Struct]) -> list[str]:
    """A table of what a payload or a result holds."""
    described = type_info(kind)
    assert isinstance(described, StructType)
    return [f"**{title}.** {about(kind)}", COLUMNS + "".join(map(row, described.fields)), ""]
