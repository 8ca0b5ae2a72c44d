"""What a stream is, apart from how it is analyzed. Pure, so that the api can ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ..media import TrackKind
from ..policy import Policy
from ..told.findings import FindingData, ViolationData
from ..told.results import StreamData


class AnswerTypes(NamedTuple):
    """The ``type`` of a WebSocket's answers: the name of this violation while it is open, else ``usual``."""

    usual: str
    violation: str


@dataclass(frozen=True, kw_only=True, eq=False)
class StreamSpec:
    """A stream. Its analyzer is the class that is registered for it (``scheduler.analyzers.registry``).

    ``tracks``: what feeds it. Over a WebSocket one track comes as binary messages, several as JSON.
    ``joins``: streams whose looks it shares, fed by some of its own tracks.
    ``required``: roles without which it is refused, and the daemon is not ready; ``enriching``: the others
    that its analyzer may ask for.
    ``pictures_hz``: by a policy, the most pictures a second that each role looks at; infinity: at each one.
    ``answers``: for a WebSocket whose answers have a type.
    ``result``: the data of its newest result, and of its observations of its own name; ``violations``,
    ``observations``: the data of what else it finds, by name.
    """

    name: str
    tracks: tuple[TrackKind, ...]
    required: tuple[str, ...]
    enriching: tuple[str, ...] = ()
    joins: tuple["StreamSpec", ...] = ()
    pictures_hz: Callable[[Policy], Mapping[str, float]] = lambda _policy: {}
    answers: AnswerTypes | None = None
    result: type[StreamData] | None = None
    violations: Mapping[str, type[ViolationData]] = field(default_factory=dict)
    observations: Mapping[str, type[FindingData]] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many streams in a row must have begun before it."""
        return max((each.depth + 1 for each in self.joins), default=0)
