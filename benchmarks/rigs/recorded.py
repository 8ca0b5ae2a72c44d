"""What was asked of analyzers and what models told them, kept to be judged by other policies."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import Analyzer, AnalyzerFactory, Outcome

# What changes an analyzer, or what it is asked before it is told something.
CALLS = ("roi", "absorb", "restart", "forget")

Call = tuple[str, tuple[Any, ...]]


class Recorded:
    """The calls of one session's streams, by stream."""

    def __init__(self) -> None:
        self.calls: dict[str, list[Call]] = defaultdict(list)

    def factories(self) -> Mapping[str, AnalyzerFactory]:
        """Analyzers as the daemon has them, each of which keeps what is asked of it."""
        return {name: self._keeping(make) for name, make in ANALYZERS.items()}

    def _keeping(self, make: AnalyzerFactory) -> AnalyzerFactory:
        def made(policy: Policy) -> Analyzer:
            analyzer = make(policy)
            for name in CALLS:
                setattr(analyzer, name, self._kept(analyzer.name, name, getattr(analyzer, name)))
            return analyzer

        return made

    def _kept(self, stream: str, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def kept(*arguments: Any) -> Any:
            self.calls[stream].append((name, arguments))
            return call(*arguments)

        return kept

    def again(self, stream: str, policy: Policy) -> list[Outcome]:
        """What a stream would have told of the same looks under this policy, and at its end.

        It looks where and when it looked then, whatever this policy would have had it look at.
        """
        analyzer = ANALYZERS[stream](policy)
        told: list[Outcome] = []
        last: Any = None
        for name, arguments in self.calls[stream]:
            outcomes = getattr(analyzer, name)(*arguments)
            if name == "absorb":
                told += outcomes
                last = arguments[2]
        return told if last is None else [*told, *analyzer.finish(last)]
