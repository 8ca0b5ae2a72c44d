"""How far a share or a rate may be from what was counted. Pure."""

from typing import NamedTuple

from scipy.stats import binomtest, chi2

CONFIDENCE = 0.95


class Share(NamedTuple):
    """A part, and Wilson's interval for it; ``value`` None: of nothing."""

    value: float | None
    low: float
    high: float

    def __str__(self) -> str:
        return "–" if self.value is None else f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"


class AlarmRate(NamedTuple):
    """Alarms an hour, and what the rate is below with ``CONFIDENCE``, if alarms come independently."""

    an_hour: float
    below: float


def share(right: int, of: int) -> Share:
    """The part that was right, with Wilson's interval (Wilson 1927), which holds for few and for none."""
    if of == 0:
        return Share(None, 0.0, 1.0)
    interval = binomtest(right, of).proportion_ci(CONFIDENCE, method="wilson")
    return Share(right / of, float(interval.low), float(interval.high))


def alarm_rate(alarms: int, hours: float) -> AlarmRate:
    """Alarms of so many hours, with Poisson's exact upper bound (Garwood 1936): about 3 / hours for none."""
    return AlarmRate(alarms / hours, float(chi2.ppf(CONFIDENCE, 2 * (alarms + 1))) / 2 / hours)
