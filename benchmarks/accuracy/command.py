"""``argusd bench accuracy``: labelled media, shown to a daemon, and its answers judged, part by part."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from ..harness import NotMeasurable, require_known
from .calibrations import calibrated
from .figures.tallies import Verdict
from .found import Accuracy, Found, result
from .labels import Item, read_labels
from .parts import ALARMS, MINUTES, PARTS, Run
from .sweep.scores import by_score

FEW = 5  # quick: one of so many
UNASKED = "sweep"  # takes long, and judges thresholds and not what is told


def main(
    quick: bool,
    labels: Path | None = None,
    only: Sequence[str] = (),
    url: str | None = None,
    before: Path | None = None,
    minutes: float = MINUTES,
    sweep: bool = False,
    alarms: float = ALARMS,
) -> Accuracy:
    """Judge what the daemon at ``url`` says, or one that is started for it; ``before``: an earlier result;
    ``minutes``: of calm media in all; ``sweep``: thresholds as well, for so many false ``alarms`` an hour.

    Raises:
        NotMeasurable: there are no labels, or they are not understood, or a part is unknown.
    """
    if labels is None:
        raise NotMeasurable(
            "accuracy takes --labels FOLDER, media with their labels.csv; see docs/accuracy.md"
        )
    require_known("part", only, PARTS)
    items = read_labels(labels)[:: FEW if quick else 1]
    earlier = verdicts_of(before) if before else []
    parts = [*only] or [name for name in PARTS if name != UNASKED]
    if sweep and UNASKED not in parts:
        parts.append(UNASKED)
    return result(asyncio.run(judged(items, parts, url, minutes, alarms)), earlier)


def verdicts_of(path: Path) -> list[Verdict]:
    """Those of an earlier result.

    Raises:
        NotMeasurable: it is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Accuracy).verdicts
    except (*UNDECODABLE, OSError) as error:
        raise NotMeasurable(f"{path} holds no result of accuracy: {error}") from error


async def judged(
    items: Sequence[Item], parts: Sequence[str], url: str | None, minutes: float, alarms: float
) -> Found:
    """What all parts found, one after the other."""
    found = Found()
    async with AsyncExitStack() as stack:
        run = Run(items, stack, url, minutes, alarms)
        for name in parts:
            begun = time.monotonic()
            part = await PARTS[name](run)
            print(f"{name}: {part.served} judged in {time.monotonic() - begun:.0f} s", flush=True)
            found.add(part)
    found.add(calibrated(found.verdicts))
    if UNASKED in parts:
        found.add(by_score(found.verdicts))
    return found
