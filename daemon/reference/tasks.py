"""docs/tasks.md: what each task takes and gives, made of its specification."""

import msgspec
from msgspec.inspect import StructType, type_info

from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.tasks.spec import AnyTask

from .configuration import COLUMNS, about, row

HEAD = """# Tasks

What can be asked at `POST /ml/infer` with `task_type`, or at a path of the task's own: the payload of each,
and the `result` that comes back.

Pictures are JPEG (of 50 megapixels, too: it is decoded smaller), PNG or WebP, and are seen as their EXIF
orientation says. Recordings are WAV, FLAC, Ogg, WebM, MP4, MP3, AAC, AIFF, CAF and most else that FFmpeg
knows, told apart by their first bytes, or raw s16 samples with a `sample_rate`. Fields that end in `_b64`
take base64 as it comes: data URLs, the alphabet of URLs, broken lines, no padding. A file need not become
base64: a task's own path takes a picture or a sound as its body, with the other fields in the query, or all
of them as a form. What comes back is the same.

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
