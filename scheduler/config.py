"""Everything the scheduler can be told; made and checked by the daemon, handed in once."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from .contract.http import WebUrl
from .contract.quantities import Count, Seconds, Share
from .contract.tiers import Tier, scheduler_name

EngineName = Literal["auto", "onnxruntime", "torch"]
Precision = Literal["auto", "f32"]


class SchedulerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of every scheduler.

    ``device``: ``auto``, ``cpu`` or ``cuda:N``. ``engine``: the library that runs the models' graphs;
    ``auto`` is ONNX Runtime, or PyTorch where it alone can use the GPU. ``precision``: ``auto`` lets PyTorch
    on a GPU compute a model in half precision where that was measured, as the model is loaded, to change
    nothing that it tells.
    ``count``: how many live schedulers there are, 0 = one for each GPU that ``device = "auto"`` finds, else
    one; they take turns at the GPUs. ``devices``: one live scheduler on each of these instead, such as
    ``["cuda:0", "cuda:0", "cuda:1"]``: more than one on a device where the interpreter is what holds it.
    ``threads``: batches that one of them has at work at the same time, and on a CPU as many long ones beside
    them; 0 = its share of the cores, at least one (two on CUDA, where one runs while the next is prepared).
    ``models``: for each role the model, where the best that is here is not wanted.
    ``max_age_s``: an older frame is never looked at. ``promised_age_s``: the p95 frame age that admission
    holds; a frame that cannot be answered within it waits for all others. ``hang_s``: a batch at work for
    longer ends the process, which is started again. ``findings_kept``: findings that wait for the api's
    acknowledgement. ``max_tasks``: one-shot tasks at a time; more are turned away. ``idle_s``: after so long
    without a task the bulk scheduler lets go of its models; the next task waits until they are loaded again.
    """

    runtime_dir: Path
    state_dir: Path
    cache_dir: Path
    models_file: Path | None = None
    ingest_workers: Count = 1  # to whose sockets in ``runtime_dir`` it attaches
    device: str = "auto"
    engine: EngineName = "auto"
    precision: Precision = "auto"
    count: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    devices: Annotated[tuple[str, ...], msgspec.Meta(max_length=64)] = ()
    threads: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0
    models: dict[str, str] = {}
    max_age_s: Seconds = 1.0
    promised_age_s: Seconds = 0.5
    hang_s: Seconds = 20.0
    findings_kept: Count = 20_000
    tier: Tier = "live"
    index: int = 0  # among the live ones
    max_tasks: Count = 64
    shutdown_s: Seconds = 20.0
    idle_s: Seconds = 60.0
    traces_url: WebUrl | None = None
    traces_share: Share = 1.0

    @property
    def live(self) -> int:
        """How many live schedulers there are."""
        return len(self.devices) or self.count or 1

    @property
    def own_device(self) -> str:
        """Where this one runs its models; the bulk one goes by ``device``."""
        return self.devices[self.index] if self.devices and self.tier == "live" else self.device

    @property
    def name(self) -> str:
        """The scheduler's name in logs, messages and its socket's file name."""
        return scheduler_name(self.tier, self.index)

    @property
    def socket_path(self) -> Path:
        """Where the scheduler listens."""
        return self.runtime_dir / f"{self.name}.sock"
