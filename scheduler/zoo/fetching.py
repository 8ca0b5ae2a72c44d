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
from .first_seen import RECORD, expected_sha256, remember
from .layout import file_sha256, place
from .manifest import UNPUBLISHED, ModelFile, Source
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


def fetch_files(
    wanted: Sequence[WantedFile], work: Path, progress: PullProgress, huggingface_token: str | None = None
) -> dict[WantedFile, ZooError]:
    """Fetch all files; those that arrive stay in the cache even when others do not.

    :param work: a folder for half-done work.
    :param huggingface_token: this host's access token there.
    :returns: the files that no source delivered, and why the last one did not: ``SourceUnavailableError``, or
        ``HashMismatchError`` when it gave something else.
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
            failed = _fetch_origin(group, work, progress.arrived, huggingface_token)
            for item in group.values():
                failures.pop(item)
            failures.update(failed)
    return failures


def _fetch_origin(
    group: dict[Source, WantedFile], work: Path, arrived: Report, huggingface_token: str | None
) -> dict[WantedFile, ZooError]:
    """Fetch one origin; return what failed and why."""
    failures: dict[WantedFile, ZooError] = {}
    with tempfile.TemporaryDirectory(dir=work) as folder:
        workspace = Path(folder, "download")
        workspace.mkdir()
        arrivals = {source: Path(folder, f"file{number}") for number, source in enumerate(group)}
        try:
            deliver(arrivals, workspace, arrived, huggingface_token)
        except SourceUnavailableError as error:
            _logger.info("%s", error)
            return dict.fromkeys(group.values(), error)
        for source, item in group.items():
            try:
                _accept(arrivals[source], item, origin(source))
            except HashMismatchError as error:
                _logger.info("%s", error)
                failures[item] = error
    return failures


def _accept(arrival: Path, item: WantedFile, where: str) -> None:
    folder = item.target.parent
    found, expected = file_sha256(arrival), expected_sha256(folder, item.file)
    if expected is None:
        remember(folder, item.file, found, arrival.with_suffix(".seen"))
    elif found != expected:
        known = f"the manifest says {expected}"
        if item.file.sha256 == UNPUBLISHED:
            known = f"on its first pull it had {expected}: remove {folder / RECORD} if the change is right"
        raise HashMismatchError(f"{item.file.name} from {where} has SHA-256 {found}, {known}")
    place(arrival, item.target)
