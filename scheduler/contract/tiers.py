"""The two kinds of scheduler process, and what they are called."""

from typing import Literal

# ``live`` schedulers serve streams and quick tasks, the ``bulk`` one tasks that take seconds.
Tier = Literal["live", "bulk"]


def scheduler_name(tier: Tier, index: int) -> str:
    """What a scheduler process is called everywhere: in logs, as a worker, its socket and its unit."""
    return f"scheduler-{index}" if tier == "live" else "scheduler-bulk"
