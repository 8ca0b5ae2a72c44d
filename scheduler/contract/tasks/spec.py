"""What a one-shot task is, apart from how it is done. Pure: the api validates and documents with it.

Fields that end in ``_b64`` are base64 in JSON and bytes in Python. Images are JPEG, PNG or WebP; audio is in
any container of ``containers.py``, or raw s16 mono PCM, which needs its ``sample_rate`` in Hz. Embeddings are
little-endian float32. Scores and thresholds lie in 0..1; a threshold left out is the model's own. Boxes are
left, top, right, bottom in 0..1 of the picture. ``reference_model``: the ``model`` that came with the
reference embedding; another one's is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import inspect

from ..tiers import Tier

MEDIA_TYPES = "media_types"  # of a ``Meta(extra=...)``: how a file may be called that is sent as it is

Unit = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Rate = Annotated[int, msgspec.Meta(ge=8_000, le=96_000)]
Text = Annotated[str, msgspec.Meta(max_length=200_000)]
Image = Annotated[bytes, msgspec.Meta(extra={MEDIA_TYPES: ("image/jpeg", "image/png", "image/webp")})]
Audio = Annotated[
    bytes,
    msgspec.Meta(
        extra={
            MEDIA_TYPES: (
                *("audio/wav", "audio/x-wav", "audio/mpeg", "audio/mp4", "audio/aac", "audio/flac"),
                *("audio/ogg", "audio/webm", "audio/l16"),
            )
        }
    ),
]


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of what callers send with a task."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what a task gives: the ``result`` of the response envelope.

    ``models``: role to the id of the model behind the result; whoever runs the task adds it.
    """

    models: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


PayloadT = TypeVar("PayloadT", bound=Payload)
ReplyT = TypeVar("ReplyT", bound=Reply, covariant=True)


@dataclass(frozen=True)
class TaskPath:
    """A path of a task's own. ``fixed``: payload fields that follow from the path; ``needs``: those that must
    be there, though another path does without; ``reply``: what comes back there, if it is not the task's."""

    path: str
    fixed: Mapping[str, Any] = field(default_factory=dict)
    reply: type[Reply] | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class TaskSpec(Generic[PayloadT, ReplyT]):
    """A task. Its function is the one that is registered for it (``scheduler.tasks.functions.performs``, or
    ``api.analysis.functions.performs`` for what the api does itself).

    ``domain``: the part of the service it belongs to; a session's tasks of one domain go to one worker.
    ``tier``: the schedulers that do it, None where the api does it. What takes seconds belongs to ``bulk``,
    since it would make the live streams' frames late.
    ``paths``: where it is asked for beside ``/ml/infer``; a task without any is the daemon's own.
    ``roles``: what it needs a model for; ``enriching``: the roles that it can do without.
    ``idempotent``: whether asking twice does what asking once does.
    """

    name: str
    payload: type[PayloadT]
    reply: type[ReplyT]
    domain: str
    tier: Tier | None
    paths: tuple[TaskPath, ...] = ()
    roles: tuple[str, ...] = ()
    enriching: tuple[str, ...] = ()
    idempotent: bool = True


AnyTask = TaskSpec[Any, Any]


def media_types(kind: inspect.Type) -> tuple[str, ...]:
    """What a file may be called that is sent for a field of this type; empty for all others."""
    if isinstance(kind, inspect.UnionType):
        return next(filter(None, map(media_types, kind.types)), ())
    if isinstance(kind, inspect.Metadata):
        found: tuple[str, ...] = (kind.extra or {}).get(MEDIA_TYPES, ())
        return found
    return ()
