"""Items of one-shot tasks: rows that are served once, in the streams' own batches."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..contract.errors import InferenceRefused, ModelUnavailable, Overloaded, ServiceError
from ..contract.logs.trace_context import TRACEPARENT
from ..core import LibraryModel
from ..errors import OutOfMemory
from ..loaded.isolation import NOT_RUN
from ..loaded.loaded_model import Dropped, LoadedModel
from ..planning.demand import Demand

# A session goes on; a task is over soon, and its first steps are worth nothing without its last. So what it
# has had hardly sets it back: tasks are finished in the order they came; one that takes long is overtaken.
WEIGHT = 16.0


class PendingItem:
    """One row: what it shows to which model, and the future of its output.

    ``traceparent``: the span of its task; ``since``: when it was added, on the clock of all rows.
    """

    def __init__(self, index: int, item: Any, share: int, since: float) -> None:
        self.traceparent = TRACEPARENT.get()
        self.since = since
        self.index = index
        self.item = item
        self.share = share
        self.output: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def settle(self, output: Any, rows: int) -> None:
        """The batch came back with this, or with ``Dropped``; it had so many ``rows``."""
        if self.output.done():
            return
        if not isinstance(output, Dropped):
            self.output.set_result(output)
        elif output != NOT_RUN and (output.reason != OutOfMemory.code or rows == 1):
            self.output.set_exception(refusal(output))


def refusal(dropped: Dropped) -> ServiceError:
    """Why a task gets no output."""
    if dropped.reason == OutOfMemory.code:
        return Overloaded("The device has no memory for this now; try again later.")
    return InferenceRefused("The model could not be run on this input.")


class PendingItems:
    """All rows of tasks.

    ``loaded``: (role, model) by model number, as ``Demand.model`` has it. ``missing``: role to why it has no
    model, with the command that gets one. ``library``: role to the model that its own library runs.
    ``failures``: of these roles, those whose model does not run at present, and why, as a code.
    """

    def __init__(
        self,
        demand: Demand,
        loaded: Sequence[tuple[str, LoadedModel]],
        missing: Mapping[str, str],
        library: Mapping[str, LibraryModel],
        clock: Callable[[], float],
        awake: Callable[[], None],
    ) -> None:
        self.library = library
        self.failures: dict[str, str] = {}
        self.items: dict[int, PendingItem] = {}
        self._demand = demand
        self._loaded = loaded
        self._missing = missing
        self._clock = clock
        self._awake = awake
        self._rows_of: Counter[int] = Counter()
        self._ended: set[int] = set()

    def begin(self) -> int:
        """A share of the service for one more task."""
        return self._demand.shares.join(WEIGHT)

    def end(self, share: int) -> None:
        """The task is over; batches may still hold rows of it."""
        self._ended.add(share)
        self._leave_if_idle(share)

    def loaded(self, role: str) -> LoadedModel:
        """The role's model.

        Raises:
            ModelUnavailable: it has none here, or one that does not run at present.
        """
        return self._loaded[self._number(role)][1]

    def library_model(self, role: str) -> LibraryModel | None:
        """The role's model that its own library runs, if it has one.

        Raises:
            ModelUnavailable: it does not run at present.
        """
        model = self.library.get(role)
        if model is not None and role in self.failures:
            raise _not_running(role, model.name)
        return model

    def add(self, share: int, role: str, item: Any, deadline: float) -> PendingItem:
        """Let the role's model infer an item; withdraw it in any case. ``deadline``: monotonic seconds.

        Raises:
            ModelUnavailable: the role has no model here, or one that does not run at present.
        """
        number = self._number(role)
        now = self._clock()
        index = self._demand.add_once(share, number, arrival=now, deadline=deadline)
        pending = self.items[index] = PendingItem(index, item, share, now)
        self._rows_of[share] += 1
        self._awake()
        return pending

    def withdraw(self, pending: PendingItem) -> None:
        """Nobody waits for it any more."""
        if not pending.output.cancel() and not pending.output.cancelled():
            pending.output.exception()  # taken note of: whoever withdraws has failed for another reason
        if self.items.get(pending.index) is pending and not self._demand.busy[pending.index]:
            self._drop(pending)

    def row_is_over(self, index: int) -> bool:
        """Whether the row that a batch held is a task's. It goes, or runs again in a smaller batch."""
        pending = self.items.get(index)
        if pending is None:
            return False
        if pending.output.done():
            self._drop(pending)
        else:
            self._demand.arrived(index, self._clock())
        return True

    def _number(self, role: str) -> int:
        for number, (name, loaded) in enumerate(self._loaded):
            if name == role:
                if loaded.failure:
                    raise _not_running(role, loaded.name)
                return number
        raise ModelUnavailable(
            f"No model fills the role {role}: {self._missing.get(role, 'none is wanted')}."
        )

    def _drop(self, pending: PendingItem) -> None:
        del self.items[pending.index]
        self._demand.remove(pending.index)
        self._rows_of[pending.share] -= 1
        self._leave_if_idle(pending.share)

    def _leave_if_idle(self, share: int) -> None:
        if share in self._ended and not self._rows_of[share]:
            self._ended.remove(share)
            del self._rows_of[share]
            self._demand.shares.leave(share)


def _not_running(role: str, name: str) -> ModelUnavailable:
    return ModelUnavailable(f"The model {name} of the role {role} does not run at present.")
