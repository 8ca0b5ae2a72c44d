"""What schedulers did, over all their lives."""

from argusd.api.workers.scheduler_counters import SchedulerCounters, total
from argusd.scheduler.contract.messages import Histogram

from ..fakes import scheduler_stats


def test_what_a_killed_scheduler_did_stays_counted() -> None:
    counters = SchedulerCounters()
    for boot, frames in (("boot-1", 5), ("boot-1", 10), ("boot-2", 2), ("boot-2", 4), ("boot-3", 1)):
        age = Histogram([0.1], [frames], frames / 10, frames)
        dropped = {"face": {"stale": frames}}
        counters.absorb(
            scheduler_stats(boot, served={"vad": frames}, dropped=dropped, frame_age_seconds={"face": age})
        )
    assert counters.work.served == {"vad": 10 + 4 + 1}
    assert counters.work.dropped == {("face", "stale"): 15}
    assert counters.work.frame_age_seconds == {"face": Histogram([0.1], [15], 1.5, 15)}


def test_the_work_of_several_is_added_up() -> None:
    found = [SchedulerCounters(), SchedulerCounters()]
    found[0].absorb(scheduler_stats("a", served={"vad": 1, "ocr": 2}))
    found[1].absorb(scheduler_stats("b", served={"vad": 3}, dropped={}))
    work = total(counters.work for counters in found)
    assert work.served == {"vad": 4, "ocr": 2}
    assert work.dropped == {("face_detector", "stale"): 3}
