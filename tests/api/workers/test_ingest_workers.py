"""Which ingest worker takes a session, and how many more fit."""

import time
from pathlib import Path

import pytest

from argusd.api.workers.ingest_workers import Workers
from argusd.ingest.ipc.messages import IngestStats, Place
from argusd.scheduler.contract.errors import NoIngestWorker

from ..fixtures import make_config


def workers(*figures: tuple[int, int, int]) -> Workers:
    """Workers of ten places each, by their sessions, how many of these are half-open, and room for more."""
    found = Workers(make_config(Path("/nowhere"), ingest_workers=len(figures)))
    for link, (sessions, half_open, room) in zip(found, figures, strict=True):
        link.stats = IngestStats(sessions, 10, 1 << 28, 1 << 27, room, half_open, 0.5, [])
        link.told_at = time.monotonic()
    return found


@pytest.mark.parametrize(
    ("figures", "place", "taken"),
    [
        (((5, 0, 9), (3, 0, 9)), "free", "ingest-1"),
        (((5, 0, 9), (3, 0, 0)), "free", "ingest-0"),  # the other has no shared memory
        (((10, 0, 9), (10, 4, 9)), "free", "ingest-1"),  # there some give way
        (((5, 0, 0), (3, 0, 0)), "free", "ingest-1"),  # it has the last word
        (((5, 1, 9), (3, 0, 9)), "of_any", "ingest-0"),
        (((5, 0, 9), (3, 0, 9)), "of_client", "ingest-1"),
    ],
)
def test_who_takes_a_session(figures: tuple[tuple[int, int, int], ...], place: Place, taken: str) -> None:
    assert workers(*figures).place("", place).name == taken


def test_whose_session_is_replaced_takes_the_next_one_however_full_it_is() -> None:
    assert workers((10, 0, 0), (0, 0, 9)).place("ingest-0").name == "ingest-0"


def test_full_ones_take_none() -> None:
    with pytest.raises(NoIngestWorker):
        workers((10, 0, 9), (10, 0, 9)).place("")


def test_how_many_more_fit_by_places_and_by_shared_memory() -> None:
    assert workers((5, 0, 9), (8, 0, 9)).fits_more == 5 + 2
    assert workers((5, 0, 3), (8, 0, 0)).fits_more == 3
    away = workers((5, 0, 9), (5, 0, 9))
    next(iter(away)).stats = None
    assert away.fits_more == 5
    for link in away:
        link.stats = None
    assert away.fits_more is None
