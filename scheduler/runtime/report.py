"""The scheduler's figures, every second."""

import msgspec
import numpy as np

from ..analyzers.catalog import ANALYZERS
from ..contract.messages import RoleStatus, SchedulerStats
from ..contract.policy import Policy
from ..planning.admission import Machine, ModelLoad, fits_more
from ..planning.demand import RowKind
from .cores import Cores
from .loop import Scheduler


class Report:
    """Puts together what ``/metrics`` and ``/ready`` show of this process."""

    def __init__(
        self,
        boot: str,
        device: str,
        roles: list[RoleStatus],
        scheduler: Scheduler,
        promised_age_s: float,
        cores: Cores | None = None,
    ) -> None:
        """``cores``: those that the threads share with others; None: a device of its own does the work."""
        self._boot = boot
        self._device = device
        self._roles = roles
        self._scheduler = scheduler
        self._promised_age_s = promised_age_s
        self._cores = cores
        wanted: dict[str, float] = {}
        for make in ANALYZERS.values():
            for role, rate in make(Policy()).rates.items():  # streams of a session share their looks
                wanted[role] = max(rate, wanted.get(role, 0.0))
        self._session = [
            1 / loaded.period(wanted[role]) if role in wanted else 0.0 for role, loaded in scheduler.loaded
        ]

    def stats(self) -> SchedulerStats:
        """Everything as it is now."""
        meters = self._scheduler.meters
        return SchedulerStats(
            boot=self._boot,
            device=self._device,
            roles=[self._as_it_is(role) for role in self._roles],
            active_sessions=self._scheduler.sessions.active,
            fits_more=self.fits_more(),
            rate_scale=self._scheduler.rate.scale,
            served=dict(meters.served),
            reused=dict(meters.reused),
            dropped={stream: dict(reasons) for stream, reasons in meters.dropped.items()},
            batch_size={model: meter.snapshot() for model, meter in meters.batch_size.items()},
            infer_seconds={model: meter.snapshot() for model, meter in meters.infer_seconds.items()},
            frame_age_seconds={stream: meter.snapshot() for stream, meter in meters.frame_age.items()},
            stream_failures={
                stream: dict(codes) for stream, codes in self._scheduler.sessions.failures.items()
            },
        )

    def _as_it_is(self, role: RoleStatus) -> RoleStatus:
        """The role's status at the start, unless its model does not run any more."""
        failures = {name: model.failure for name, model in self._scheduler.loaded if model.failure}
        failures |= self._scheduler.pending.failures
        if role.role not in failures:
            return role
        detail = f"{role.model} does not run ({failures[role.role]}); it is tried again from time to time"
        return msgspec.structs.replace(role, ready=False, detail=detail)

    def fits_more(self) -> int:
        """Sessions of the default policy that still fit."""
        demand, loaded = self._scheduler.demand, self._scheduler.loaded
        streams = demand.active & (demand.kind == RowKind.STREAM)
        rates = np.bincount(demand.model[streams], 1 / demand.period[streams], minlength=len(loaded))
        now = [
            ModelLoad(rate, model.curve, model.loop)
            for rate, (_, model) in zip(rates.tolist(), loaded, strict=True)
        ]
        return fits_more(
            now, self._session, self._machine(), self._promised_age_s, self._scheduler.rate.scale
        )

    def _machine(self) -> Machine:
        state, cores = self._scheduler.executor.state, self._cores
        threads = 1 if state.shared else state.total  # two batches on one device take twice as long
        return Machine(threads, cores.left, cores.beside) if cores else Machine(threads)
