"""``argusd bench accuracy``: labelled media, shown to a daemon, and its answers judged, part by part."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from tqdm import tqdm

from argusd.interviewer_bridge.client import MLOrchestratorClient

from ..harness import NotMeasurable
from ..rigs.daemon import ready, running_daemon
from . import documents, faces, pictures
from .asking import Daemon
from .found import Accuracy, Found, result
from .labels import Item, of_kind, read_labels
from .tallies import Verdict

FEW = 5  # quick: one of so many

Part = Callable[[Daemon, Sequence[Item]], Awaitable[Found]]


def main(
    quick: bool,
    labels: Path | None = None,
    only: Sequence[str] = (),
    url: str | None = None,
    before: Path | None = None,
) -> Accuracy:
    """Judge what the daemon at ``url`` says, or one that is started for it; ``before``: an earlier result.

    Raises:
        NotMeasurable: there are no labels, or they are not understood, or a part is unknown.
    """
    if labels is None:
        raise NotMeasurable(
            "accuracy takes --labels FOLDER, media with their labels.csv; see docs/accuracy.md"
        )
    if unknown := [name for name in only if name not in PARTS]:
        raise NotMeasurable(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    items = read_labels(labels)[:: FEW if quick else 1]
    earlier = verdicts_of(before) if before else []
    return result(asyncio.run(judged(items, only or list(PARTS), url)), earlier)


def verdicts_of(path: Path) -> list[Verdict]:
    """Those of an earlier result.

    Raises:
        NotMeasurable: it is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Accuracy).verdicts
    except (OSError, msgspec.MsgspecError) as error:
        raise NotMeasurable(f"{path} holds no result of accuracy: {error}") from error


async def judged(items: Sequence[Item], parts: Sequence[str], url: str | None) -> Found:
    """What all parts found, one after the other."""
    found = Found()
    async with asked(url) as daemon:
        for name in parts:
            begun = time.monotonic()
            part = await PARTS[name](daemon, items)
            print(f"{name}: {part.served} judged in {time.monotonic() - begun:.0f} s", flush=True)
            found.add(part)
    return found


@asynccontextmanager
async def asked(url: str | None) -> AsyncIterator[Daemon]:
    """The daemon that is asked: a running one, or one of our own, whose slow models stay loaded."""
    if url is not None:
        async with MLOrchestratorClient(url) as client:
            yield Daemon(client)
        return
    async with running_daemon(API__OVERCOMMIT="true", SCHEDULER__IDLE_S="3600") as (own, _):
        await ready(own, "live,bulk")
        async with MLOrchestratorClient(own) as client:
            yield Daemon(client)


async def _pictures(daemon: Daemon, items: Sequence[Item]) -> Found:
    found = Found()
    for item in shown("pictures", list(of_kind(items, "image"))):
        found.verdicts += pictures.judge(item, await pictures.look(daemon, item))
        found.served += 1
    return found


async def _documents(daemon: Daemon, items: Sequence[Item]) -> Found:
    found = Found()
    pages = list(of_kind(items, "document"))
    with_face = [item.path for item in pages if item.faces != 0]
    for item in shown("documents", pages):
        found.verdicts += documents.judge(item, await documents.read(daemon, item, with_face))
        found.served += 1
    return found


async def _pairs(daemon: Daemon, items: Sequence[Item]) -> Found:
    compared = await faces.compare(daemon, items)
    notes = [f"no face is found in {name}, so it is in no pair" for name in compared.without]
    return Found(
        len(compared.pairs),
        list(faces.judge(compared)),
        faces.figures(compared),
        [faces.table(compared)],
        notes=notes,
    )


def shown(name: str, items: Sequence[Item]) -> Sequence[Item]:
    """The items, with a bar of how many are done."""
    bar: Sequence[Item] = tqdm(items, desc=name, unit="file", disable=None)
    return bar


PARTS: dict[str, Part] = {"pictures": _pictures, "documents": _documents, "pairs": _pairs}
