"""Which processes the daemon is made of."""

from argusd.daemon.commands.serve import child_specs
from argusd.daemon.config import resolve


def test_each_live_scheduler_is_a_process_of_its_own() -> None:
    specs = child_specs(resolve({"ARGUSD_SCHEDULER__COUNT": "2", "ARGUSD_INGEST_WORKERS": "1"}))
    assert {spec.name: list(spec.argv[4:-2]) for spec in specs} == {
        "api": ["api"],
        "ingest-0": ["ingest", "--index", "0"],
        "scheduler-0": ["scheduler", "--index", "0"],
        "scheduler-1": ["scheduler", "--index", "1"],
        "scheduler-bulk": ["scheduler", "--tier", "bulk"],
        "evidence": ["evidence"],
    }


def test_the_api_hears_of_a_stop_first_and_has_the_longest_to_end() -> None:
    specs = child_specs(resolve({"ARGUSD_SHUTDOWN_S": "7"}))
    assert specs[0].name == "api"
    assert {spec.grace_s for spec in specs[1:]} == {17.0}
    assert specs[0].grace_s == 27.0
