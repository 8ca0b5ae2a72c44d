"""Gates: looks that run no model since they would tell nothing new, what they save, and that findings stay.

Drawn films are played to a session's face and video streams, with all gates off, with each alone, and with
those that are on by default; the last also without what only makes findings surer (``Policy.economy``).
Nothing waits, so that the figures are CPU time and media time alone.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np

from argusd.scheduler.contract.policy import Gates, Policy
from argusd.scheduler.zoo.store import ZooStore

from .films.drawn import FPS, SCENES, Pixels, film
from .films.played import Played, play
from .harness import Metric, Result, machine
from .rigs.cache import CACHE
from .rigs.every_look import EVERY_LOOK
from .rigs.scheduler import live_models

GATES = {
    "off": EVERY_LOOK,
    **{name: msgspec.structs.replace(EVERY_LOOK, **{name: True}) for name in Gates.__struct_fields__},
    "default": Gates(),
}
SETTINGS = {**{name: Policy(gates=gates) for name, gates in GATES.items()}, "economy": Policy(economy=True)}
FRAME_S = 1 / FPS  # what is told a frame later is told when it was
MAY_BE_LATE_S = {"calm_session": Policy().multiple_faces.start_after_s}


def main(quick: bool) -> Result:
    """Play each film under each setting; ends with status 1 where what is found is not the same."""
    seconds = 36.0 if quick else 72.0
    with tempfile.TemporaryDirectory() as folder:
        models = live_models(Path(folder))
    person = portrait(ZooStore(CACHE))
    metrics: dict[str, Metric] = {}
    failures: list[str] = []
    served = 0
    for scene, people in SCENES.items():
        runs = play(models, SETTINGS, film(person, people, seconds))
        for name, run in runs.items():
            served += run.ran.total()
            metrics |= figures(f"{scene}_{name}", run, runs["off"], seconds)
            failures += [
                f"{scene}, {name}: {each}"
                for each in differences(run, runs["off"], MAY_BE_LATE_S.get(name, FRAME_S))
            ]
    return Result("gates", machine(), served, metrics, failures=failures)


def portrait(store: ZooStore) -> Pixels:
    """Somebody's picture, BGR u8 ``[512, 512, 3]``."""
    store.pull(["astronaut"])
    picture = cv2.imread(str(store.path("astronaut")))
    assert picture is not None
    return np.asarray(picture, np.uint8)


def figures(name: str, run: Played, off: Played, seconds: float) -> dict[str, Metric]:
    """One film under one setting, beside all gates off."""
    now, before = (1e3 * each.cpu_s / seconds for each in (run, off))
    ran = ", ".join(f"{role} {count / seconds:.2f}" for role, count in sorted(run.ran.items()))
    return {
        f"{name}_cpu": Metric(now, "ms", f"CPU a second of a session; models run a second: {ran}", before),
        f"{name}_late": Metric(
            latest_start(run, off), "s", "the latest start of a violation, beside gates off"
        ),
    }


def latest_start(run: Played, off: Played) -> float:
    """By how many seconds violations are told to start later than in the other run, at most."""
    starts = [
        (run.violations.get(key, []), times) for key, times in off.violations.items() if key[1] == "start"
    ]
    return max((now - then for each in starts for now, then in zip(*each, strict=False)), default=0.0)


def differences(run: Played, off: Played, may_be_late_s: float = FRAME_S) -> Iterator[str]:
    """What is found in this run and not in the other one, or the other way round, or late."""
    found, wanted = ({key: len(times) for key, times in each.violations.items()} for each in (run, off))
    if found != wanted:
        yield f"violations are {found}, without gates {wanted}"
    elif latest_start(run, off) > may_be_late_s:
        yield f"a violation starts {latest_start(run, off):.2f} s late"
