"""What thresholds would do to verdicts that say how strongly a finding was told, as those of pictures do."""

from collections.abc import Iterable, Sequence

from ...harness import Points, Table
from ..figures.rates import Share, share
from ..figures.tallies import Verdict
from ..found import Found

STEPS = tuple(step / 20 for step in range(2, 20))


def by_score(verdicts: Sequence[Verdict]) -> Found:
    """Precision and recall over the threshold of each finding that has scores and was there at least once.

    Pairs have a table of their own.
    """
    found = Found()
    for name in dict.fromkeys(each.finding for each in verdicts if each.score is not None):
        judged = [each for each in verdicts if each.finding == name and each.there is not None]
        if name.startswith("picture.") and any(each.there for each in judged):
            points = [(step, *_shares(judged, step)) for step in STEPS]
            rows: list[list[str | float]] = [
                [f"{step:.2f}", str(precision), str(recall)] for step, precision, recall in points
            ]
            found.tables.append(Table(f"sweep: {name}", ["score", "precision", "recall"], rows))
            found.series[f"{name}/precision"] = _drawn((step, precision) for step, precision, _ in points)
            found.series[f"{name}/recall"] = _drawn((step, recall) for step, _, recall in points)
    return found


def _shares(judged: Sequence[Verdict], threshold: float) -> tuple[Share, Share]:
    told = [each for each in judged if (each.score or 0.0) >= threshold]
    right = sum(bool(each.there) for each in told)
    return share(right, len(told)), share(right, sum(bool(each.there) for each in judged))


def _drawn(points: Iterable[tuple[float, Share]]) -> Points:
    return [(step, each.value) for step, each in points if each.value is not None]
