"""Everything the scheduler can be told; made and checked by the daemon, handed in once."""

from pathlib import Path

import msgspec

from .contract.tasks import Tier


class SchedulerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One scheduler process.

    ``ingest_workers``: it attaches to ``ingest-0.sock`` … in ``runtime_dir``. ``device``: ``auto``, ``cpu``
    or ``cuda:N``. ``lanes``: batches at work at the same time, 0 = one a core (two on CUDA, where one
    runs while the next is prepared). ``models``: role to manifest name where the default is not wanted.
    ``max_age_s``: an older frame is never looked at. ``promised_age_s``: the p95 frame age that admission
    and the overload loop hold. ``hang_s``: a batch at work for longer ends the process
    (``errors.EXIT_HUNG``). ``findings_kept``: findings that wait for the api's acknowledgement.
    ``lane``: ``rt`` serves streams and quick tasks, ``bulk`` slow tasks (``tasks/lanes.py``).
    ``max_tasks``: one-shot tasks at a time; more are turned away. ``drain_s``: how long those at work may go
    on when the process is asked to end.
    """

    runtime_dir: Path
    state_dir: Path
    cache_dir: Path
    ingest_workers: int = 1
    device: str = "auto"
    lanes: int = 0
    models: dict[str, str] = {}
    max_age_s: float = 1.0
    promised_age_s: float = 0.5
    hang_s: float = 20.0
    findings_kept: int = 20_000
    lane: Tier = "rt"
    max_tasks: int = 64
    drain_s: float = 4.0
