from collections.abc import Callable
from pathlib import Path

import pytest

from argusd.scheduler.engines.limits import IN_FLIGHT
from argusd.scheduler.errors import InferenceFailed, OutOfMemory
from argusd.scheduler.loaded.probe import CurveCache, measure_curve, rehearse
from argusd.scheduler.planning.curve import BatchCurve


class Machine:
    """A device on which a batch takes ``call + batch * item`` seconds by its own clock."""

    def __init__(self, call: float, item: float, memory: int = 1 << 30) -> None:
        self.now = 0.0
        self._call = call
        self._item = item
        self._memory = memory

    def clock(self) -> float:
        return self.now

    def rehearsal(self, batch: int) -> Callable[[], None]:
        def run() -> None:
            if batch > self._memory:
                raise OutOfMemory("no room")
            self.now += self._call + self._item * batch

        return run


def curve_of(machine: Machine, longest_s: float = 0.2) -> BatchCurve:
    return measure_curve(machine.rehearsal, machine.clock, longest_s)


def test_it_doubles_while_larger_batches_pay() -> None:
    curve = curve_of(Machine(call=0.001, item=0.00001))
    assert curve.sizes == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    assert curve.seconds[3] == pytest.approx(0.00108)


def test_it_stops_where_larger_batches_do_not_pay() -> None:
    assert curve_of(Machine(call=0.0, item=0.001)).sizes == [1, 2, 4]


def test_it_stops_when_a_batch_takes_too_long() -> None:
    assert curve_of(Machine(call=0.0, item=0.05)).sizes == [1, 2, 4]
    assert curve_of(Machine(call=0.001, item=0.001), longest_s=0.02).sizes == [1, 2, 4, 8, 16]


def test_a_model_too_slow_for_any_batch_still_has_a_curve() -> None:
    assert curve_of(Machine(call=0.0, item=3.0)).sizes == [1]


def test_it_stops_where_the_memory_ends() -> None:
    assert curve_of(Machine(call=0.001, item=0.00001, memory=10)).sizes == [1, 2, 4, 8]


def test_a_graph_that_does_not_run_at_all_is_an_error() -> None:
    with pytest.raises(InferenceFailed):
        curve_of(Machine(call=0.001, item=0.001, memory=0))


def test_a_device_is_prepared_for_every_size_and_batch_in_flight_as_far_as_its_memory_goes() -> None:
    machine = Machine(call=1.0, item=0.0, memory=2)
    rehearse(machine.rehearsal, [1, 2, 4])
    assert machine.now == 2 * IN_FLIGHT
    with pytest.raises(OutOfMemory):
        rehearse(Machine(call=1.0, item=0.0, memory=0).rehearsal, [1, 2])


def test_curves_are_kept_by_model_and_setting(tmp_path: Path) -> None:
    cache = CurveCache(tmp_path / "curves")
    kept = cache.path("4b1d", "cpu", "1")
    assert cache.load(kept) is None
    curve = BatchCurve(sizes=[1, 2], seconds=[0.1, 0.15])
    cache.save(kept, curve)
    assert cache.load(cache.path("4b1d", "cpu", "1")) == curve
    assert cache.path("4b1d", "cuda:0", "1") != kept
    assert cache.path("4b1e", "cpu", "1") != kept


@pytest.mark.parametrize(
    "content",
    [
        b'{"sizes": [',
        b'{"size\xf3": [1], "seconds": [0.1]}',
        b'{"sizes": [1, 2], "seconds": [0.1]}',
        b'{"sizes": [1, 0], "seconds": [0.1, 0.2]}',
        b'{"sizes": [3], "seconds": [0.1]}',
        b'{"sizes": [1], "seconds": [0.0]}',
    ],
)
def test_a_damaged_curve_is_measured_again(tmp_path: Path, content: bytes) -> None:
    cache = CurveCache(tmp_path)
    (tmp_path / "x.json").write_bytes(content)
    assert cache.load(tmp_path / "x.json") is None


def test_a_curve_that_can_be_neither_read_nor_kept_is_measured_again(tmp_path: Path) -> None:
    (tmp_path / "curves").write_bytes(b"a file where the folder should be")
    cache = CurveCache(tmp_path / "curves")
    path = cache.path("4b1d", "cpu", "1")
    cache.save(path, BatchCurve(sizes=[1], seconds=[0.1]))
    assert cache.load(path) is None
