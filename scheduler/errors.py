"""What can go wrong with inference; each error has a stable code that crosses process borders.

A batch that fails loses the items to blame and nothing else (see ``loaded/isolation.py``). Two failures end
the process, because nothing in it can mend them, and its supervisor starts a fresh one that re-attaches to
every arena:

    EXIT_HUNG         a batch did not come back (a stuck driver or library call)
    EXIT_DEVICE_LOST  CUDA reported an error that sticks to the process's context
"""

from .contract.errors import ArgusdError, InferenceRefused

EXIT_HUNG = 75
EXIT_DEVICE_LOST = 76


class SchedulerError(ArgusdError):
    """Base of every error of this folder."""

    code = "scheduler_error"


class InferenceFailed(SchedulerError):
    """A model's graph refused its feeds or broke off."""

    code = InferenceRefused.code


class OutOfMemory(InferenceFailed):
    """The device has no room for this batch; a smaller one may fit."""

    code = "out_of_memory"


class DeviceLost(InferenceFailed):
    """The device's context is broken for good; only a new process can use it."""

    code = "device_lost"


class DeviceUnavailable(SchedulerError):
    """The configured device is not there, or the library was built without it."""

    code = "device_unavailable"


class TracesUnavailable(SchedulerError):
    """Traces are wanted, and the library that makes them is not installed."""

    code = "traces_unavailable"


class ModelUnknown(SchedulerError):
    """The store has a model that this version cannot run."""

    code = "model_unknown"
