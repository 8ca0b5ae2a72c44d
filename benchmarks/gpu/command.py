"""``argusd bench gpu``: every part in its own process, one after the other; what they found is one result."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ..harness import NotMeasurable, Result
from ..rigs.cache import CACHE
from .facts import facts, lacking
from .parts import PARTS, Found, Part, in_a_process, missing

MOST_S = 540.0  # for all of them
LEAST_S = 10.0  # what a part needs to say anything

Try = Callable[[str, float], Found]


def main(quick: bool, models: Path = CACHE / "models") -> Result:
    """What there is to know of this machine's first GPU.

    Raises:
        NotMeasurable: there is none.
    """
    if reason := lacking():
        raise NotMeasurable(reason)
    return result(facts(), each(lambda name, most_s: in_a_process(name, models, quick, most_s)))


def each(try_part: Try, most_s: float = MOST_S) -> dict[str, Found]:
    """What every part found; one that there are no libraries or no time for says so in its place."""
    end, found = time.monotonic() + most_s, {}
    for name, part in PARTS.items():
        left = min(part.most_s, end - time.monotonic())
        begun = time.monotonic()
        found[name] = left_out(part, left) or try_part(name, left)
        found[name].took_s = time.monotonic() - begun
        print(f"{name}: {part.about}, {found[name].took_s:.0f} s", flush=True)
    return found


def left_out(part: Part, left_s: float) -> Found | None:
    """Why a part is not tried, as a failure: what was not seen is not known to be right."""
    if lacks := missing(part):
        return Found(failures=[f"left out, for {', '.join(lacks)} is not installed"])
    if left_s < LEAST_S:
        return Found(failures=["left out, for the time was up"])
    return None


def result(machine: dict[str, str], found: Mapping[str, Found]) -> Result:
    """All of it, each sentence with the name of its part."""
    whole = Found()
    for name, part in found.items():
        part.notes = [f"{name}: {note}" for note in part.notes]
        part.failures = [f"{name}: {failure}" for failure in part.failures]
        whole.add(part)
    times = ", ".join(f"{name} {part.took_s:.0f} s" for name, part in found.items())
    return Result(
        "gpu",
        machine,
        whole.served,
        whole.metrics,
        tables=whole.tables,
        notes=[*whole.notes, f"it took: {times}"],
        failures=whole.failures,
    )
