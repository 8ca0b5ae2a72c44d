"""Every task and every stream, by name: whatever the modules of ``tasks`` and ``streams`` declare."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, TypeVar

from .media import TrackKind
from .modules import import_modules
from .policy import Policy
from .streams.spec import StreamSpec
from .tasks.spec import AnyTask, TaskSpec

Spec = TypeVar("Spec")


def _declared(package: str, kind: type[Spec]) -> Iterator[Spec]:
    for module in import_modules(f"{__package__}.{package}"):
        yield from (each for each in vars(module).values() if isinstance(each, kind))


TASKS: Mapping[str, AnyTask] = {task.name: task for task in _declared("tasks", TaskSpec)}
# What callers may ask for; the others are the daemon's own.
PUBLIC_TASKS: Mapping[str, AnyTask] = {name: task for name, task in TASKS.items() if task.paths}
# In the order in which a session's streams begin; they end in the reverse order.
STREAMS: Mapping[str, StreamSpec] = {
    stream.name: stream
    for stream in sorted(_declared("streams", StreamSpec), key=lambda stream: stream.depth)
}

if TYPE_CHECKING:
    StreamName = str
else:
    StreamName = Literal[tuple(STREAMS)]


def share_looks(one: StreamName, other: StreamName) -> bool:
    """Whether either of these streams joins the looks of the other."""
    return STREAMS[other] in STREAMS[one].joins or STREAMS[one] in STREAMS[other].joins


def feeds(kind: TrackKind, streams: Iterable[str]) -> bool:
    """Whether any of these streams needs such a track."""
    return any(kind in STREAMS[name].tracks for name in streams if name in STREAMS)


def pictures_hz(streams: Iterable[str], policy: Policy, roles: Collection[str]) -> float:
    """The most pictures a second that any of these streams looks at, with these roles; infinity: at each."""
    rates = (STREAMS[name].pictures_hz(policy) for name in streams if name in STREAMS)
    return max((hz for each in rates for role, hz in each.items() if role in roles), default=0.0)


def streams_of(kinds: Iterable[TrackKind]) -> list[StreamName]:
    """All streams that these tracks are enough for."""
    there = frozenset(kinds)
    return [stream.name for stream in STREAMS.values() if there.issuperset(stream.tracks)]
