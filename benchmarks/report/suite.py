"""All benchmarks whose figures are quoted, one after the other: ``argusd bench all``.

Each runs in a process of its own, so none can spoil another's figures, and one that fails is said and left
out. Where a number of sessions depends on this machine, an earlier part's result gives it.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ..harness import NotMeasurable, Result, load_json, require_known
from .page import page

Results = Mapping[str, Result]
PAGE = "beside.html"
FEW = (4, 6)  # sessions: well below what any system holds
USUAL_LIMIT = 16  # sessions on two cores, where no ladder was climbed before
LADDER = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32)


def numbers(*counts: int) -> list[str]:
    """The option for these numbers of sessions."""
    return ["--numbers", ",".join(map(str, sorted(set(counts))))]


def to_twice_the_limit(results: Results) -> list[str]:
    """A few sessions, as many as can be promised, and twice that many."""
    ladder = results.get("ladder")
    limit = int(ladder.metrics["limit_argusd"].value) if ladder else 0
    return numbers(*FEW, limit or USUAL_LIMIT, 2 * (limit or USUAL_LIMIT))


PARTS: dict[str, Callable[[Results], list[str]]] = {
    "tasks": lambda _: ["tasks", "--rounds", "3", "--seconds", "3"],
    "ladder": lambda _: ["live", "--seconds", "5", *numbers(*LADDER)],
    "live": lambda results: ["live", "--rounds", "3", "--seconds", "6", *to_twice_the_limit(results)],
    "webrtc": lambda _: ["live", "--webrtc", "--rounds", "2", "--seconds", "6", *numbers(*FEW, 8, 12, 20)],
    "voice": lambda _: ["voice"],
    "ingest": lambda _: ["ingest", "--rounds", "3"],
    "admission": lambda _: ["admission", "--quick", "--mixes", "all,face"],
    "loop": lambda _: ["loop"],
    "memory": lambda _: ["memory", "--quick"],
}
"""What is run, and with which options; quick where the whole is no better for a figure to quote."""


def run(parts: Sequence[str], into: Path, quick: bool) -> Iterator[Result]:
    """Run these parts (none: all), keep each result as JSON, and at last all there are as one page.

    Raises:
        NotMeasurable: there is no such part.
    """
    require_known("part", parts, PARTS)
    into.mkdir(parents=True, exist_ok=True)
    results = dict(earlier(into))
    for name in parts or PARTS:
        begun, kept = time.monotonic(), into / f"{name}.json"
        words = PARTS[name](results)
        print(f"{name}: argusd bench {' '.join(words)}", flush=True)
        command = [sys.executable, "-P", "-m", "argusd.daemon", "bench", *words, "--json", str(kept)]
        kept.unlink(missing_ok=True)
        results.pop(name, None)
        subprocess.run(command + ["--quick"] * quick, check=False, stdout=subprocess.DEVNULL)
        try:
            results[name] = load_json(kept)
        except NotMeasurable:
            print(f"{name}: no result; it said why above", flush=True)
            continue
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)
        yield results[name]
    (into / PAGE).write_text(page([results[name] for name in PARTS if name in results]), "utf-8")


def earlier(folder: Path) -> Iterator[tuple[str, Result]]:
    """Results that an earlier run left there."""
    for name in PARTS:
        if (folder / f"{name}.json").exists():
            yield name, load_json(folder / f"{name}.json")
