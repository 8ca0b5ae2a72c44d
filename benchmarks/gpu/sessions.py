"""How many sessions one scheduler holds on the device, fed by processes that write into real arenas.

The scheduler and its loaded models are the daemon's; streams only look (``rigs.onlookers``). A number of
sessions is held if every role's looks are at most 150 ms old at the 95th percentile and 95 % were served.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.roles import FACE_DETECTOR, FACE_EMBEDDER, FACE_MESH, OBJECT_DETECTOR, VAD
from argusd.scheduler.contract.streams.interview import AUDIO, VIDEO
from argusd.scheduler.core import EVERY_WINDOW, Engine
from argusd.scheduler.engines.limits import IN_FLIGHT
from argusd.scheduler.engines.targets import Target
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.loaded.precision import chosen
from argusd.scheduler.loaded.probe import measure_curve
from argusd.scheduler.loaded.staging import Stager
from argusd.scheduler.media.arena_sources import ArenaSource
from argusd.scheduler.models.voices.silero import WINDOW
from argusd.scheduler.planning.curve import UNMEASURED
from argusd.scheduler.runtime.executor import Executor
from argusd.scheduler.runtime.loop import Scheduler
from argusd.scheduler.zoo.store import StoredFile

from ..harness import NEVER, Metric, Table, percentile
from ..rigs.onlookers import Onlooker, Recorder, measured, serving
from ..rigs.writers import cameras, microphones
from .parts import Found
from .rig import Rig
from .weights import MODELS, graph, present

LOOKS = {
    FACE_DETECTOR: ("blazeface_full_range", 10.0),
    FACE_MESH: ("facemesh_attention", 10.0),
    OBJECT_DETECTOR: ("centernet", 5.0),
    FACE_EMBEDDER: ("faceres", 0.5),
}
DETECTOR = "silero_vad"
HZ = {**{role: hz for role, (_, hz) in LOOKS.items()}, VAD: SAMPLE_RATE / WINDOW}
FPS, PACKET_S = 10.0, 0.032
A_WRITER, A_MICROPHONE = 125, 500  # sessions of one process
TELLS = 10  # of so many windows one has its age noted: noting it costs the loop as well
OLDEST_S, LEAST = 0.15, 0.95
WHAT = "one scheduler; streams only look, so what analyzers cost is not in it"
TITLE = "sessions"
COLUMNS = ["sessions", "stream", "looks of those wanted", "age p50 ms", "age p95 ms"]


class Looks(NamedTuple):
    """Of a role: how many looks were served, which part that is of those wanted, and their ages."""

    served: int
    part: float
    p50_s: float
    p95_s: float

    @property
    def held(self) -> bool:
        """Whether that is what was promised."""
        return self.part >= LEAST and self.p95_s <= OLDEST_S


def run(rig: Rig) -> Iterator[Found]:
    """More and more sessions, until they are too many."""
    wanted = [*(name for name, _ in LOOKS.values()), DETECTOR]
    if lacking := [name for name in wanted if name not in present(rig.models)]:
        yield Found(
            notes=[f"no sessions: {', '.join(lacking)} missing"], failures=["sessions need all live models"]
        )
        return
    stager = Stager(rig.device)
    models = loaded(rig, stager)
    sizes = ", ".join(f"{model.name} {model.max_batch}" for model in models.values())
    yield Found(notes=[WHAT, f"the largest batches are {sizes}"])
    held = 0
    for count in rig.sizes.sessions:
        try:
            found = asyncio.run(tried(rig, models, stager, count))
        except TimeoutError:
            yield Found(notes=[f"{count} sessions were not all answered once within a minute"])
            return
        rows: list[list[str | float]] = [
            [str(count), role, looks.part, 1e3 * looks.p50_s, 1e3 * looks.p95_s]
            for role, looks in found.items()
        ]
        served = sum(looks.served for looks in found.values())
        yield Found(served, tables=[Table(TITLE, COLUMNS, rows)])
        if all(looks.held for looks in found.values()):
            held = count
        about = f"of {', '.join(map(str, rig.sizes.sessions))} tried, the last that one scheduler held"
        yield Found(metrics={"sessions_held": Metric(held, "", about, None, "p95 <= 150 ms")})
        if held < count:
            return


def loaded(rig: Rig, stager: Stager) -> dict[str, LoadedModel]:
    """The live models by their roles, with their curves, as ``loaded.roles`` makes them."""
    models: dict[str, LoadedModel] = {
        role: LoadedVisionModel(MODELS[name](name), engine(rig, name), UNMEASURED, stager)
        for role, (name, _) in LOOKS.items()
    }
    models[VAD] = LoadedAudioModel(MODELS[DETECTOR](DETECTOR), engine(rig, DETECTOR), UNMEASURED)
    for model in models.values():
        if rig.target != "cpu":
            model.on_device()
        model.curve = measure_curve(model.rehearsal, model.clock, model.longest_s)
    return models


def engine(rig: Rig, name: str) -> Engine:
    """Its graph on the device, in half precision where the daemon would have it so."""
    file, target = StoredFile(name, graph(rig.models, name), ""), Target("torch", rig.target)
    return chosen(MODELS[name](name), file, target, "auto", rig.device).engine


async def tried(rig: Rig, models: Mapping[str, LoadedModel], stager: Stager, count: int) -> dict[str, Looks]:
    """What became of so many sessions' looks, by role."""
    recorder = Recorder()
    scheduler = watching(rig, models, recorder, count)
    with ExitStack() as stack:
        for path in writers(stack, count, rig.sizes.picture):
            source = ArenaSource(path, "benchmark", scheduler.sessions, scheduler.awake, stager)
            scheduler.sources.append(source)
        async with serving(scheduler, recorder, count):
            await asyncio.to_thread(stager.settle)
            await measured(recorder, rig.sizes.seconds / 2)
            before, begun = Counter(scheduler.meters.served), time.monotonic()
            answers = await measured(recorder, rig.sizes.seconds)
            took = time.monotonic() - begun
            served = Counter(scheduler.meters.served) - before
    ages = {role: [answer.age_s for answer in answers if answer.role == role] or [NEVER / 1e3] for role in HZ}
    return {
        role: Looks(
            served[role],
            served[role] / (count * hz * took),
            percentile(ages[role], 50),
            percentile(ages[role], 95),
        )
        for role, hz in HZ.items()
    }


def watching(rig: Rig, models: Mapping[str, LoadedModel], recorder: Recorder, count: int) -> Scheduler:
    """A scheduler that is to watch so many sessions, and nobody writes so far."""
    rates = {role: hz for role, (_, hz) in LOOKS.items()}
    scheduler = Scheduler(
        list(models.items()),
        {
            VIDEO.name: lambda _: Onlooker(VIDEO.name, rates),
            AUDIO.name: lambda _: Onlooker(AUDIO.name, {VAD: EVERY_WINDOW}, TELLS),
        },
        recorder,
        Executor(IN_FLIGHT, shared=rig.target != "cpu", clock=time.monotonic),
    )
    for number in range(count):
        media = MediaKey(f"s{number}")
        scheduler.sessions.set_policy(SessionPolicy(media, [VIDEO.name, AUDIO.name], Policy()))
    return scheduler


def writers(stack: ExitStack, count: int, size: tuple[int, int]) -> Iterator[Path]:
    """Processes with so many sessions' cameras and microphones, which end with the stack."""
    for first in range(0, count, A_WRITER):
        yield stack.enter_context(cameras(min(A_WRITER, count - first), FPS, size, first))
    for first in range(0, count, A_MICROPHONE):
        yield stack.enter_context(microphones(min(A_MICROPHONE, count - first), PACKET_S, first))
