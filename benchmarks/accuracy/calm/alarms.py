"""False alarms of calm hours, counted by finding and by what was done to the picture. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...harness import Metric, Table
from ..clip_verdicts import SEEN
from ..figures.rates import alarm_rate
from ..figures.tallies import Verdict
from ..found import Found

JUDGED = (*SEEN, "second_speaker", "speech_detected")
HOUR_S = 3600.0


class Alarm(NamedTuple):
    """A finding that is not in the clip, under which disturbance, and when."""

    finding: str
    clip: str
    disturbance: str
    media_s: float
    why: str


class Watched(NamedTuple):
    """Seconds that each finding was not to be made in, by disturbance and finding, and the alarms."""

    seconds: Mapping[tuple[str, str], float]
    alarms: Sequence[Alarm]


def judged(watched: Sequence[Watched]) -> Found:
    """Alarms an hour of each finding, with what the rate is below, and by disturbance."""
    seconds: Counter[tuple[str, str]] = Counter()
    for each in watched:
        seconds.update(each.seconds)
    alarms = [alarm for each in watched for alarm in each.alarms]
    verdicts = [
        Verdict(
            finding=f"calm.{each.finding}",
            item=f"{each.clip}, {each.disturbance}, {each.media_s:.1f} s",
            there=False,
            told=True,
            why=each.why,
        )
        for each in alarms
    ]
    names = [name for name in JUDGED if any(finding == name for _, finding in seconds)]
    return Found(
        len(watched),
        verdicts,
        dict(_metrics(names, seconds, alarms)),
        [_table(names, seconds, alarms)],
    )


def _metrics(
    names: Sequence[str], seconds: Mapping[tuple[str, str], float], alarms: Sequence[Alarm]
) -> Iterator[tuple[str, Metric]]:
    for name in names:
        number, hours = _counted(name, seconds, alarms)
        rate = alarm_rate(number, hours)
        about = f"false alarms: {number} in {hours:.2f} h; below {rate.below:.2g} an hour (95 %)"
        yield f"calm.{name}_an_hour", Metric(rate.an_hour, "/h", about, spread=(0.0, rate.below))


def _counted(
    name: str, seconds: Mapping[tuple[str, str], float], alarms: Sequence[Alarm]
) -> tuple[int, float]:
    """A finding's alarms, and the hours that it was not to be made in."""
    hours = sum(each for (_, finding), each in seconds.items() if finding == name) / HOUR_S
    return sum(alarm.finding == name for alarm in alarms), hours


def _table(names: Sequence[str], seconds: Mapping[tuple[str, str], float], alarms: Sequence[Alarm]) -> Table:
    """Alarms by finding and disturbance; what was not looked at is a dash."""
    disturbances = list(dict.fromkeys(disturbance for disturbance, _ in seconds))
    counts = Counter((alarm.finding, alarm.disturbance) for alarm in alarms)
    rows: list[list[str | float]] = []
    for name in names:
        number, hours = _counted(name, seconds, alarms)
        rate = alarm_rate(number, hours)
        by_disturbance = [counts[name, each] if (each, name) in seconds else "–" for each in disturbances]
        rows.append([name, round(hours, 2), round(rate.an_hour, 2), round(rate.below, 2), *by_disturbance])
    columns = ["finding", "hours", "alarms an hour", "below (95 %)", *disturbances]
    return Table("calm: false alarms", columns, rows)
