"""An analyzer whose faults stay its own: whatever it raises ends its stream, and nothing else."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from argusd.ingest.shm.frame import FrameInfo

from ..contract.events import STREAM_FAILED
from ..contract.logs.about import about
from ..contract.logs.tracebacks import log_fault
from ..contract.policy import Policy
from ..core import Analyzer, AudioVisualAnalyzer, Moment, Outcome, Reuse, Roi

log = logging.getLogger(__name__)

ANALYZER_FAILED = "analyzer_failed"

FORM = msgspec.json.Decoder(Outcome)

Answer = TypeVar("Answer")


class Silent:
    """In place of an analyzer that failed: it wants nothing, and tells nothing new."""

    news = False

    def __init__(self, name: str, rates: Mapping[str, float], latest: dict[str, Any]) -> None:
        self.name = name
        self.rates = rates
        self._latest = latest

    def apply(self, policy: Policy) -> list[Outcome]:  # noqa: ARG002
        """Is over."""
        return []

    def roi(self, role: str, info: FrameInfo) -> Roi | None:  # noqa: ARG002
        """Nowhere."""
        return None

    def reuse(self, role: str) -> Reuse | None:  # noqa: ARG002
        """Nothing was seen."""
        return None

    def wants(self, role: str) -> bool:  # noqa: ARG002
        """Nothing."""
        return False

    def seen_since(self, begins_s: float) -> Any | None:  # noqa: ARG002
        """Nothing."""
        return None

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:  # noqa: ARG002
        """Is over."""
        return []

    def latest(self) -> dict[str, Any]:
        """What was told last."""
        return self._latest

    def restart(self) -> None:
        """Is over."""

    def forget(self) -> None:
        """Is over."""

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002
        """Nothing is open."""
        return []


class GuardedAnalyzer:
    """One analyzer, called until it raises; from then on its place is taken by ``Silent``.

    What it tells must be fit to be sent (``_sendable``), and its rates to be kept: else it has failed too.
    ``failed`` is called with the code of its first fault.
    """

    __slots__ = (
        "_analyzer",
        "_broken",
        "_failed",
        "_latest",
        "_made",
        "_open",
        "_rates",
        "_session_id",
        "name",
    )

    def __init__(
        self, name: str, make: Callable[[], Analyzer], failed: Callable[[str], object], session_id: str = ""
    ) -> None:
        self.name = name
        self._session_id = session_id
        self._failed = failed
        self._broken = False
        self._rates: Mapping[str, float] = {}
        self._latest: dict[str, Any] = {}
        self._analyzer: Analyzer = Silent(name, self._rates, self._latest)
        self._open: dict[str, tuple[Outcome, float]] = {}
        try:
            self._analyzer = make()
        except Exception as error:
            self._fail(error, None)
        self._made = self._analyzer

    @property
    def rates(self) -> Mapping[str, float]:
        """See ``core.Analyzer``; those it had last, once it has failed."""
        try:
            self._rates = _kept(self._analyzer.rates, self._rates)
        except Exception as error:
            self._fail(error, None)
        return self._rates

    @property
    def news(self) -> bool:
        """See ``core.Analyzer``."""
        try:
            return self._analyzer.news
        except Exception as error:
            return self._fail(error, False)

    def apply(self, policy: Policy) -> list[Outcome]:
        """See ``core.Analyzer``; only now may roles go."""
        try:
            outcomes = self._told(self._analyzer.apply(policy), 0.0)
            self._rates = _kept(self._analyzer.rates, {})
        except Exception as error:
            return self._fail(error, [])
        return outcomes

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """See ``core.Analyzer``."""
        try:
            return self._analyzer.roi(role, info)
        except Exception as error:
            return self._fail(error, None)

    def reuse(self, role: str) -> Reuse | None:
        """See ``core.Analyzer``."""
        try:
            return self._analyzer.reuse(role)
        except Exception as error:
            return self._fail(error, None)

    def wants(self, role: str) -> bool:
        """See ``core.Analyzer``."""
        try:
            return self._analyzer.wants(role)
        except Exception as error:
            return self._fail(error, False)

    def seen_since(self, begins_s: float) -> Any | None:
        """See ``core.AudioVisualAnalyzer``."""
        try:
            assert isinstance(self._analyzer, AudioVisualAnalyzer)
            return self._analyzer.seen_since(begins_s)
        except Exception as error:
            return self._fail(error, None)

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        """See ``core.Analyzer``."""
        try:
            outcomes = self._analyzer.absorb(role, output, at)
            return self._told(outcomes, at.media_s) if outcomes else []
        except Exception as error:
            return self._fail(error, [])

    def latest(self) -> dict[str, Any]:
        """See ``core.Analyzer``; what it told last, once it has failed."""
        try:
            self._latest = _sendable(self._analyzer.latest())
        except Exception as error:
            self._fail(error, None)
        return self._latest

    def restart(self) -> None:
        """See ``core.Analyzer``."""
        try:
            self._analyzer.restart()
        except Exception as error:
            self._fail(error, None)

    def forget(self) -> None:
        """See ``core.Analyzer``."""
        try:
            self._analyzer.forget()
        except Exception as error:
            self._fail(error, None)

    def finish(self, at: Moment) -> list[Outcome]:
        """See ``core.Analyzer``. Of one that failed: what it still ends itself, and ends for all the rest."""
        try:
            ends = self._told(self._made.finish(at), at.media_s)
        except Exception as error:
            ends = self._fail(error, [])
        if self._broken:
            ends = ends + [_cut_off(start, media_s) for start, media_s in self._open.values()]
            self._open.clear()
        return ends

    def _told(self, outcomes: list[Outcome], media_s: float) -> list[Outcome]:
        """These outcomes, noted as told."""
        for outcome in outcomes:
            FORM.decode(msgspec.json.encode(outcome))
            _check_keys(outcome.data)
        for outcome in outcomes:  # all of them are told, or none
            if outcome.type == "violation" and outcome.state == "end":
                self._open.pop(outcome.name, None)
            elif outcome.type == "violation":
                self._open[outcome.name] = outcome, media_s
        return outcomes

    def _fail(self, error: Exception, answer: Answer) -> Answer:
        """Be silent from now on; ``answer`` is what the call that raised is to give."""
        if not self._broken:
            self._broken = True
            self._analyzer = Silent(self.name, self._rates, self._latest)
            with about(self._session_id):
                log_fault(log, f"the analyzer of a stream {self.name} failed", error)
            self._failed(ANALYZER_FAILED)
        return answer


def _sendable(data: dict[str, Any]) -> dict[str, Any]:
    """The data itself.

    Raises:
        TypeError: it is no JSON object (a NumPy number in it, a key that is no string).
    """
    msgspec.json.encode(data)
    _check_keys(data)
    return data


def _check_keys(data: dict[str, Any]) -> None:
    if not {str}.issuperset(map(type, data)):  # JSON would make strings of numbers
        raise TypeError("the keys of what is told are strings")


def _kept(rates: Mapping[str, float], before: Mapping[str, float]) -> Mapping[str, float]:
    """The rates themselves.

    Raises:
        ValueError: a role is gone, or its rate is none.
    """
    if rates == before:
        return before
    if not (before.keys() <= rates.keys() and all(hz > 0 for hz in rates.values())):
        raise ValueError("between two policies an analyzer's roles stay, and its rates are positive")
    return dict(rates)


def _cut_off(start: Outcome, media_s: float) -> Outcome:
    """The end that an analyzer did not tell, as of when the violation was last told to go on."""
    start_s, end_s = start.data.get("start_s", media_s), start.data.get("end_s", media_s)
    times = {"start_s": start_s, "end_s": end_s, "duration_s": round(max(0.0, end_s - start_s), 3)}
    return msgspec.structs.replace(start, state="end", data=start.data | times | {"reason": STREAM_FAILED})
