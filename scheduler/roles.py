"""Fills each role with a model: weights from the store, an engine, a measured curve, a first inference.

A role that cannot be filled is reported with the reason; the others work without it.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import onnxruntime

from .config import SchedulerConfig
from .core import AudioModel
from .engines import THREADS, OnnxEngine
from .errors import InferenceFailed
from .messages import RoleStatus
from .models.catalog import MODELS
from .policy import Policy
from .probe import CurveCache, measure_curve
from .served import Served, ServedAudio, ServedVision
from .streams.catalog import STREAMS
from .zoo.errors import ZooError
from .zoo.store import ZooStore

log = logging.getLogger(__name__)


class FilledRole(NamedTuple):
    """What came of a role; ``served`` is None where it is not ready."""

    status: RoleStatus
    served: Served | None


def wanted_roles() -> list[str]:
    """Every role some stream looks with."""
    return sorted({role for make in STREAMS.values() for role in make(Policy()).rates})


def fill_roles(config: SchedulerConfig, device: str) -> list[FilledRole]:
    """Load a model for every wanted role. Takes seconds; runs in a thread of its own."""
    store = ZooStore(config.cache_dir)
    curves = CurveCache(config.state_dir / "curves")
    return [_fill(role, config, device, store, curves) for role in wanted_roles()]


def _fill(role: str, config: SchedulerConfig, device: str, store: ZooStore, curves: CurveCache) -> FilledRole:
    started, name = time.monotonic(), config.models.get(role, "")
    try:
        name = store.choose(role, name or None)
        served = serve(name, store.path(name), device, curves)
    except (ZooError, InferenceFailed) as error:
        log.warning("role %s is not ready: %s", role, error)
        return FilledRole(RoleStatus(role, name, ready=False, detail=str(error), load_seconds=0.0), None)
    taken = time.monotonic() - started
    log.info("role %s: %s in batches of %d, loaded in %.1f s", role, name, served.max_batch, taken)
    return FilledRole(RoleStatus(role, name, ready=True, detail="", load_seconds=taken), served)


def serve(name: str, path: Path, device: str, curves: CurveCache) -> Served:
    """Load one model and run it at least once.

    Raises:
        InferenceFailed: its graph does not run here.
        DeviceUnavailable: the device is not there.
    """
    model, engine = MODELS[name](name), OnnxEngine(path, device)
    kept = curves.path(path, device, str(THREADS), onnxruntime.__version__)
    curve = curves.load(kept)
    if curve is None:
        # A graph runs on the calling thread alone: its CPU time is the cost, whatever else the machine does.
        clock = time.thread_time if device == "cpu" else time.monotonic
        curve = measure_curve(engine.run, model.example, clock)
        curves.save(kept, curve)
    else:
        engine.run(model.example(1))
    if isinstance(model, AudioModel):
        return ServedAudio(model, engine, curve)
    return ServedVision(model, engine, curve)


def ready(roles: Sequence[FilledRole]) -> list[tuple[str, Served]]:
    """The roles that have a model, with it."""
    return [(role.status.role, role.served) for role in roles if role.served is not None]
