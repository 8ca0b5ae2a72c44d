"""Which processes the daemon is made of."""

from argusd.daemon.commands.serve import child_groups
from argusd.daemon.config import resolve


def test_each_live_scheduler_is_a_process_of_its_own() -> None:
    groups = child_groups(resolve({"ARGUSD_SCHEDULER__COUNT": "2", "ARGUSD_INGEST_WORKERS": "1"}))
    assert [[child.name for child in group] for group in groups] == [
        ["ingest-0"],
        ["scheduler-0", "scheduler-1", "scheduler-bulk"],
        ["api"],
    ]
    commands = [list(child.argv[4:-2]) for child in groups[1]]
    assert commands == [
        ["scheduler", "--index", "0"],
        ["scheduler", "--index", "1"],
        ["scheduler", "--tier", "bulk"],
    ]
