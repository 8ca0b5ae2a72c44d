"""Which class analyzes which stream: each is registered where it is written."""

from collections.abc import Callable
from typing import TypeVar

from ..contract.streams.spec import StreamSpec
from ..core import AnalyzerFactory

Class = TypeVar("Class", bound=AnalyzerFactory)

REGISTERED: dict[str, AnalyzerFactory] = {}


def analyzes(stream: StreamSpec) -> Callable[[Class], Class]:
    """Register the class below as the one that analyzes this stream."""

    def register(analyzer: Class) -> Class:
        REGISTERED[stream.name] = analyzer
        return analyzer

    return register
