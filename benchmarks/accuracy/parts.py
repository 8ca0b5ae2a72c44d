"""The parts of a run: which media each shows to whom, and what becomes of the answers."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack

from tqdm import tqdm

from argusd.interviewer_bridge.client import MLOrchestratorClient
from argusd.scheduler.zoo.store import ZooStore

from ..gates import portrait
from ..rigs.cache import CACHE
from ..rigs.daemon import ready, running_daemon
from ..rigs.recorded import Recorded
from ..rigs.virtual import Models, daemon_models
from . import clip_verdicts, clips, documents, exhibits, faces, pairs, pictures
from .asking import Daemon
from .calm import alarms, hours
from .calm.disturbances import STILL, Maker, poster_of
from .calm.hours import Clip
from .calm.worn import WORN
from .clips import Published
from .found import Found
from .labels import Item, Kind
from .replays import Replay, replay, seconds_of
from .sound import voices
from .sound.diarization import Diarization
from .sound.speech import Speech
from .sound.voices import Voice
from .sweep.thresholds import Taken, swept

MINUTES, ALARMS = 30.0, 0.5


class Run:
    """What parts share; the daemon and the models are there once somebody asks for them.

    ``url``: of a running daemon; None: one is started, which lives as long as ``stack``. ``minutes``: of calm
    media, all sessions together. ``alarms``: how many false ones an hour are wanted of each finding.
    """

    def __init__(
        self,
        items: Sequence[Item],
        stack: AsyncExitStack,
        url: str | None = None,
        minutes: float = MINUTES,
        alarms: float = ALARMS,
    ) -> None:
        self.items = items
        self.minutes = minutes
        self.alarms = alarms
        self._url = url
        self._stack = stack
        self._daemon: Daemon | None = None
        self._models: Models | None = None

    async def daemon(self) -> Daemon:
        """The daemon that is asked; slow models of one of our own stay loaded."""
        if self._daemon is None:
            url = self._url or await self._start()
            self._daemon = Daemon(await self._stack.enter_async_context(MLOrchestratorClient(url)))
        return self._daemon

    def calm(self, name: str) -> Iterator[tuple[Item, Clip, Mapping[str, Maker], float]]:
        """Clips, each with what it is shown under, and for how many seconds each."""
        makers = [*STILL.items(), *WORN.items(), ("poster", poster_of(portrait(ZooStore(CACHE))))]
        clips = sum(item.kind == "video" for item in self.items)
        if not clips:
            return
        seconds, shown = hours.shared_out(self.minutes, clips, len(makers))
        for item, chosen in zip(self.each(name, "video"), shown, strict=True):
            if chosen:
                yield item, hours.clip_of(self.models(), item), dict(makers[each] for each in chosen), seconds

    def models(self) -> Models:
        """Those of a live scheduler, in this process."""
        if self._models is None:
            self._models = daemon_models()
        return self._models

    def each(self, name: str, *kinds: Kind) -> Iterator[Item]:
        """The items of these kinds, with a bar of how many are done."""
        chosen = [item for item in self.items if item.kind in kinds]
        bar: Iterator[Item] = iter(tqdm(chosen, desc=name, unit="file", disable=None))
        return bar

    async def _start(self) -> str:
        settings = {"API__OVERCOMMIT": "true", "SCHEDULER__IDLE_S": "3600"}
        url, _ = await self._stack.enter_async_context(running_daemon(**settings))
        await ready(url, "live,bulk")
        return url


async def _pictures(run: Run) -> Found:
    found, daemon = Found(), await run.daemon()
    for item in run.each("pictures", "image"):
        seen = await pictures.look(daemon, item)
        verdicts = list(pictures.judge(item, seen))
        found.judged(verdicts, exhibits.picture(item, seen, verdicts))
    return found


async def _documents(run: Run) -> Found:
    found, daemon = Found(), await run.daemon()
    with_face = [item.path for item in run.items if item.kind == "document" and item.faces != 0]
    for item in run.each("documents", "document"):
        read = await documents.read(daemon, item, with_face)
        verdicts = list(documents.judge(item, read))
        found.judged(verdicts, exhibits.document(item, read, verdicts))
    return found


async def _pairs(run: Run) -> Found:
    compared = await faces.compare(await run.daemon(), list(run.each("pairs", "image", "document")))
    found = pairs.judged(compared, "face_verify.same_person")
    found.exhibits += exhibits.wrong_pairs(compared, found.verdicts, run.items)
    return found


async def _replays(run: Run) -> Found:
    found, models, spoken = Found(), run.models(), Speech("replay")
    for item in run.each("replays", "video", "audio"):
        _judge(item, replay(models, item.path), found, spoken)
    found.add(spoken.found())
    return found


async def _clips(run: Run) -> Found:
    found, daemon, spoken = Found(), await run.daemon(), Speech("clip")
    for item in run.each("clips", "video", "audio"):
        played = await clips.publish(daemon, item.path, seconds_of(item.path))
        _judge(item, played, found, spoken)
        found.notes += played.notes
    found.add(spoken.found())
    return found


def _judge(item: Item, played: Replay | Published, found: Found, spoken: Speech) -> None:
    """What was found in a file beside its labels."""
    verdicts = list(clip_verdicts.judge(item, played.found, played.seconds, spoken.part))
    exhibit = exhibits.clip(item, played.found, played.seconds, played.observed, verdicts)
    found.judged(verdicts, exhibit)
    spoken.add(item.file, clip_verdicts.speech(item, played.found, played.seconds))


async def _recordings(run: Run) -> Found:
    found, daemon, errors = Found(), await run.daemon(), Diarization()
    known: list[Voice] = []
    for item in run.each("recordings", "audio"):
        if item.rttm is not None:
            answer = await daemon.task("audio_diarize", audio_b64=item.path.read_bytes())
            errors.add(item.file, voices.turns_of(item.rttm), answer)
            found.served += 1
        known += voices.voices_of(item)
    found.add(errors.found())
    found.add(pairs.judged(await voices.compare(daemon, known), "audio_verify.same_speaker"))
    return found


async def _calm(run: Run) -> Found:
    models = run.models()
    watched = [
        hours.watch(models, clip, disturbances, seconds)
        for _, clip, disturbances, seconds in run.calm("calm")
    ]
    return alarms.judged(watched)


async def _sweep(run: Run) -> Found:
    """Of the labelled clips and recordings, and of calm minutes."""
    taken: list[Taken] = []
    models = run.models()
    for item in run.each("sweep: labels", "video", "audio"):
        looks = Recorded()
        seconds = replay(models, item.path, looks.factories()).seconds
        taken.append(Taken(item, looks, seconds))
    for item, clip, disturbances, seconds in run.calm("sweep: calm"):
        for name, disturb in disturbances.items():
            looks = Recorded()
            hours.watch(models, clip, {name: disturb}, seconds, looks.factories())
            taken.append(Taken(item, looks, seconds, clip.calm))
    found = swept(taken, run.alarms)
    found.served = len(taken)
    return found


PARTS: dict[str, Callable[[Run], Awaitable[Found]]] = {
    "pictures": _pictures,
    "documents": _documents,
    "pairs": _pairs,
    "replays": _replays,
    "clips": _clips,
    "recordings": _recordings,
    "calm": _calm,
    "sweep": _sweep,
}
