"""Whatever dies on an event's way: it is read once stored, in order, and twice only under the same id."""

import sys
from pathlib import Path

import pytest

from .event_chain import Chain
from .outcome import Outcome


@pytest.mark.fault(3, "events through 7 disconnects and kills of five kinds")
async def test_no_event_is_lost_on_its_way(tmp_path: Path, outcome: Outcome) -> None:
    outcome.lost(await lost_of(tmp_path, events=2_000, faults=7))


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_none_of_a_hundred_thousand_events_is_lost_through_a_hundred_faults(tmp_path: Path) -> None:
    assert await lost_of(tmp_path, events=100_000, faults=100) == 0


async def lost_of(directory: Path, *, events: int, faults: int) -> int:
    """How many events got lost between the log and a reader; none may come out of order or as another."""
    async with Chain(directory, seed=events) as chain:
        kinds = chain.faults()
        for number in range(faults):
            await chain.find(events // faults)
            await kinds[number % len(kinds)]()
        await chain.find(events % faults)
        stored = await chain.finish()
    numbers = [event.data["number"] for event in stored if event.type == "observation"]
    by_id = {event.id: event for event in stored}
    lost = 0
    for reader in chain.readers:
        mine = {at: each for at, each in by_id.items() if reader.session_id in (each.session_id, None)}
        lost += len(mine.keys() - reader.seen.keys())
        assert reader.seen.items() <= mine.items()
        assert (reader.gaps, reader.out_of_order) == ([], 0)
    assert len(numbers) == len(set(numbers)), "a finding was stored twice"
    lost += len(chain.acknowledged - set(numbers))
    repeated = sum(reader.repeated for reader in chain.readers)
    sys.stdout.write(
        f"\n{len(stored)} events stored, {faults} faults, {len(chain.readers)} readers:"
        f" {lost} lost, 0 out of order, {repeated} read twice under the same id\n"
    )
    return lost
