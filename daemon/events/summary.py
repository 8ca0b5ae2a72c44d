"""What a whole session came to, in a few lines. Pure text, no I/O."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from argusd.scheduler.contract.events import Event, Gap

from .findings import duration


class Summary:
    """What a whole session came to."""

    def __init__(self) -> None:
        self._starts: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._directions: dict[str, Counter[str]] = {}
        self._face_counts: Counter[int] = Counter()
        self._speech: list[float] = []
        self._ages: list[float] = []

    def add(self, event: Event | Gap) -> None:
        """Count one event."""
        if isinstance(event, Gap) or event.type == "session":
            return
        if event.frame_age_ms:
            self._ages.append(event.frame_age_ms)
        if event.type == "violation":
            self._add_violation(event)
        elif event.name == "speech" and event.state == "end":
            self._speech.append(duration(event))
        elif event.type == "observation" and isinstance(event.data.get("face_count"), int):
            self._face_counts[event.data["face_count"]] += 1

    def _add_violation(self, event: Event) -> None:
        if event.state == "start":
            self._starts[event.name] += 1
            if "direction" in event.data:
                self._directions.setdefault(event.name, Counter())[str(event.data["direction"])] += 1
        elif event.state == "end":
            self._seconds[event.name] += duration(event)

    def lines(self) -> Iterable[str]:
        """The summary, line by line."""
        yield "violations" if self._starts else "violations    none"
        for name, count in sorted(self._starts.items()):
            directions = ", ".join(f"{way} {n}×" for way, n in self._directions.get(name, Counter()).items())
            yield f"  {name:<16} {count}×, {self._seconds[name]:.1f} s  {directions}".rstrip()
        yield "faces seen    " + (", ".join(str(count) for count in sorted(self._face_counts)) or "–")
        yield f"speech        {len(self._speech)} segments, {sum(self._speech):.1f} s"
        if self._ages:
            p50, p95 = percentile(self._ages, 50), percentile(self._ages, 95)
            yield f"frame age     p50 {p50:.0f} ms, p95 {p95:.0f} ms"


def percentile(values: list[float], percent: int) -> float:
    """The smallest of ``values`` that at least ``percent`` % of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(-(-len(ranked) * percent // 100) - 1, 0)]
