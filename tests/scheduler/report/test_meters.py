from argusd.scheduler.report.meters import Meter, Meters


def test_a_histogram_counts_up_to_and_including_each_bound() -> None:
    meter = Meter([1.0, 2.0, 4.0])
    for value in (0.5, 1.0, 1.5, 4.0, 9.0):
        meter.add(value)
    snapshot = meter.snapshot()
    assert snapshot.bounds == [1.0, 2.0, 4.0]
    assert snapshot.counts == [2, 3, 4]
    assert (snapshot.count, snapshot.sum) == (5, 16.0)


def test_meters_begin_when_something_is_counted() -> None:
    meters = Meters()
    meters.dropped["face"]["torn"] += 2
    meters.batch_size["m"].add(3)
    assert meters.dropped == {"face": {"torn": 2}}
    assert meters.batch_size["m"].snapshot().count == 1
