"""What the gathers say about real rings."""

import numpy as np
import pytest

from argusd.scheduler.media.arrivals import Arrivals, Jump
from argusd.scheduler.planning.demand import NOTHING, Demand

from ..fakes import (
    WINDOW,
    ArenaWithTracks,
    calls_of,
    write_frame,
    write_windows,
)


@pytest.fixture
def tracks() -> ArenaWithTracks:
    return ArenaWithTracks()


@pytest.fixture
def demand() -> Demand:
    return Demand()


def row_of(demand: Demand) -> int:
    return demand.add_stream(demand.shares.join(1.0), 0, period=0.25, max_age=1.0, due=0.0)


def test_the_newest_frame_of_every_ring_is_seen(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals = Arrivals(demand)
    rows, rings = [], []
    for _ in range(3):
        ring, ref = tracks.frames()
        rings.append(ring)
        rows.append(row_of(demand))
        arrivals.follow(rows[-1], ref)
    for number in range(6):  # around the ring
        write_frame(rings[0], number, arrival=100.0 + number)
    write_frame(rings[2], 0, arrival=200.0)
    assert arrivals.refresh(300.0) == []
    assert demand.arrival[rows] == pytest.approx([105.0, NOTHING, 200.0])


def test_a_frame_that_was_seen_is_nothing_new(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.frames(), row_of(demand)
    arrivals.follow(row, ref)
    write_frame(ring, 0, arrival=100.0)
    demand.cursor[row] = 1
    arrivals.refresh(100.0)
    assert demand.arrival[row] == NOTHING


def test_rows_that_look_at_one_ring_are_each_told_what_is_new_to_them(
    tracks: ArenaWithTracks, demand: Demand
) -> None:
    arrivals, (ring, ref), rows = Arrivals(demand), tracks.frames(), [row_of(demand), row_of(demand)]
    for row in rows:
        arrivals.follow(row, ref)
    write_frame(ring, 0, arrival=100.0)
    demand.cursor[rows[0]] = 1
    arrivals.refresh(100.0)
    assert demand.arrival[rows].tolist() == [NOTHING, 100.0]
    write_frame(ring, 1, arrival=100.5)
    arrivals.refresh(100.5)
    assert demand.arrival[rows].tolist() == [100.5, 100.5]
    assert demand.interval[rows].tolist() == [0.5, 0.5], "they share the camera"
    arrivals.refresh(100.6)
    assert demand.arrival[rows].tolist() == [100.5, 100.5], "nothing came, and nobody looked"


def test_a_ring_that_was_given_back_has_nothing(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.frames(), row_of(demand)
    arrivals.follow(row, ref)
    write_frame(ring, 0, arrival=100.0)
    ring.close()
    other, _ = tracks.frames()  # the same row and the same memory, for somebody else
    write_frame(other, 0, arrival=101.0)
    arrivals.refresh(102.0)
    assert other.place == ref.place
    assert demand.arrival[row] == NOTHING


def test_a_window_has_arrived_when_its_last_sample_has(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.pcm(), row_of(demand)
    arrivals.follow(row, ref, WINDOW)
    ring.write(np.zeros(WINDOW - 1, np.int16), 0, int(100e9), 0)
    arrivals.refresh(101.0)
    assert demand.arrival[row] == NOTHING
    ring.write(np.zeros(1, np.int16), 0, int(100.032e9), 0)
    arrivals.refresh(101.0)
    assert demand.arrival[row] == pytest.approx(100.032, abs=1e-4)


def test_a_backlog_of_samples_is_due_at_once(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.pcm(), row_of(demand)
    arrivals.follow(row, ref, WINDOW)
    demand.due[row] = 500.0
    write_windows(ring, [1], arrival=100.0)
    arrivals.refresh(100.0)
    assert demand.due[row] == 500.0
    write_windows(ring, [2], arrival=100.0)
    arrivals.refresh(100.0)
    assert demand.due[row] == 100.0


def test_who_is_a_second_behind_jumps_to_the_newest_window(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.pcm(), row_of(demand)
    arrivals.follow(row, ref, WINDOW)
    write_windows(ring, list(range(33)), arrival=100.0)
    assert arrivals.refresh(100.0) == [Jump(row, 32)]
    assert demand.cursor[row] == 32 * WINDOW


def test_who_has_more_than_one_window_to_hear_is_behind(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.pcm(), row_of(demand)
    arrivals.follow(row, ref, WINDOW)
    for windows, behind in (1, False), (1, True):
        write_windows(ring, list(range(windows)), arrival=100.0)
        arrivals.refresh(100.0)
        assert arrivals.behind is behind


def test_who_is_in_a_batch_does_not_jump(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.pcm(), row_of(demand)
    arrivals.follow(row, ref, WINDOW)
    demand.busy[row] = True
    write_windows(ring, list(range(33)), arrival=100.0)
    assert arrivals.refresh(100.0) == []
    assert demand.cursor[row] == 0


def test_a_row_that_is_gone_is_not_touched(tracks: ArenaWithTracks, demand: Demand) -> None:
    arrivals, (ring, ref), row = Arrivals(demand), tracks.frames(), row_of(demand)
    arrivals.follow(row, ref)
    arrivals.forget(row)
    write_frame(ring, 0, arrival=100.0)
    arrivals.refresh(100.0)
    assert demand.arrival[row] == NOTHING


def test_a_thousand_rings_take_as_many_steps_as_ten() -> None:
    def steps(count: int) -> int:
        tracks, demand = ArenaWithTracks(), Demand()
        arrivals = Arrivals(demand)
        for _ in range(count):
            arrivals.follow(row_of(demand), tracks.pcm(0.04)[1], WINDOW)
        arrivals.refresh(1.0)  # columns are put together when rings come or go
        return calls_of(lambda: arrivals.refresh(1.0))

    assert steps(1000) == steps(10)
