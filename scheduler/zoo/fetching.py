"""Fetches published files and puts those into the cache whose hash is right.

Files of one package are taken from one download. Each round asks the next source of every file still missing.
"""

import logging
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .clients import Report
from .errors import HashMismatchError, SourceUnavailableError, ZooError
from .layout import file_sha256, place
from .manifest import ModelFile, Source
from .progress import PullProgress
from .sources import deliver, origin

_logger = logging.getLogger(__name__)


class WantedFile(NamedTuple):
    """A published file and where it belongs."""

    file: ModelFile
    target: Path


def count_downloads(wanted: Sequence[WantedFile]) -> int:
    """Return how many origins have to be fetched when every first source delivers."""
    return len({origin(item.file.sources[0]) for item in wanted})


def fetch_files(wanted: Sequence[WantedFile], work: Path, progress: PullProgress) -> None:
    """Fetch all files; those that arrive stay in the cache even when others do not.

    :param work: a folder for half-done work.
    :raises SourceUnavailableError: when no source of a file delivers it.
    :raises HashMismatchError: when the last source of a file delivers something else.
    """
    failures: dict[WantedFile, ZooError] = {item: SourceUnavailableError(item.file.name) for item in wanted}
    for attempt in range(max((len(item.file.sources) for item in wanted), default=0)):
        groups: dict[str, dict[Source, WantedFile]] = defaultdict(dict)
        for item in failures:
            if attempt < len(item.file.sources):
                source = item.file.sources[attempt]
                groups[origin(source)][source] = item
        for name, group in groups.items():
            progress.begin(f"fetching {name}")
            failed = _fetch_origin(group, work, progress.arrived)
            for item in group.values():
                failures.pop(item)
            failures.update(failed)
    if failures:
        raise next(iter(failures.values()))


def _fetch_origin(group: dict[Source, WantedFile], work: Path, arrived: Report) -> dict[WantedFile, ZooError]:
    """Fetch one origin; return what failed and why."""
    failures: dict[WantedFile, ZooError] = {}
    with tempfile.TemporaryDirectory(dir=work) as folder:
        workspace = Path(folder, "download")
        workspace.mkdir()
        arrivals = {source: Path(folder, f"file{number}") for number, source in enumerate(group)}
        try:
            deliver(arrivals, workspace, arrived)
        except SourceUnavailableError as error:
            _logger.warning("%s", error)
            return dict.fromkeys(group.values(), error)
        for source, item in group.items():
            try:
                _accept(arrivals[source], item, origin(source))
            except HashMismatchError as error:
                _logger.warning("%s", error)
                failures[item] = error
    return failures


def _accept(arrival: Path, item: WantedFile, where: str) -> None:
    found = file_sha256(arrival)
    if found != item.file.sha256:
        raise HashMismatchError(
            f"{item.file.name} from {where} has SHA-256 {found}, the manifest says {item.file.sha256}"
        )
    place(arrival, item.target)
