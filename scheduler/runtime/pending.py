"""Looks and listens of one-shot tasks: rows that are served once, in the streams' own batches."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract.errors import InferenceRefused, ModelUnavailable
from ..core import LibraryModel
from ..errors import OutOfMemory
from ..planning.demand import Demand
from .loaded_model import Clip, Dropped, LoadedAudioModel, LoadedModel, Look

WEIGHT = 1.0  # a task has the share of one session


class PendingItem:
    """One row: what it shows to which model, and the future of its output."""

    def __init__(self, index: int, served: LoadedModel, item: Look | Clip, share: int) -> None:
        self.index = index
        self.served = served
        self.item = item
        self.share = share
        self.output: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def settle(self, output: Any, rows: int) -> None:
        """The batch came back with this, or with ``Dropped``; it had so many ``rows``."""
        if self.output.done():
            return
        if not isinstance(output, Dropped):
            self.output.set_result(output)
        elif output.reason != OutOfMemory.code or rows == 1:
            self.output.set_exception(InferenceRefused("The model could not be run on this input."))


class PendingItems:
    """All rows of tasks.

    ``served``: (role, model) by model number, as ``Demand.model`` has it. ``missing``: role to why it has no
    model, with the command that gets one. ``whole``: role to the model that its own library runs.
    """

    def __init__(
        self,
        demand: Demand,
        served: Sequence[tuple[str, LoadedModel]],
        missing: Mapping[str, str],
        whole: Mapping[str, LibraryModel],
        clock: Callable[[], float],
        awake: Callable[[], None],
    ) -> None:
        self.whole = whole
        self.asks: dict[int, PendingItem] = {}
        self._demand = demand
        self._served = served
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

    def served(self, role: str) -> LoadedModel:
        """The role's model.

        Raises:
            ModelUnavailable: it has none here.
        """
        return self._served[self._number(role)][1]

    def look(self, share: int, role: str, look: Look, deadline: float) -> PendingItem:
        """Show a picture; withdraw it in any case. ``deadline``: monotonic seconds.

        Raises:
            ModelUnavailable: the role has no model here.
        """
        return self._ask(share, self._number(role), look, deadline)

    def listen(self, share: int, role: str, samples: NDArray[np.int16], deadline: float) -> PendingItem:
        """Play i16 ``[window]`` samples; withdraw them in any case.

        Raises:
            ModelUnavailable: the role has no model here.
        """
        number = self._number(role)
        served = self._served[number][1]
        assert isinstance(served, LoadedAudioModel), f"{role} is no role that listens"
        return self._ask(share, number, Clip(samples, served.take_slot()), deadline)

    def withdraw(self, ask: PendingItem) -> None:
        """Nobody waits for it any more."""
        if not ask.output.cancel() and not ask.output.cancelled():
            ask.output.exception()  # taken note of: whoever withdraws has failed for another reason
        if self.asks.get(ask.index) is ask and not self._demand.busy[ask.index]:
            self._drop(ask)

    def row_is_over(self, index: int) -> bool:
        """Whether the row that a batch held is a task's. It goes, or runs again in a smaller batch."""
        ask = self.asks.get(index)
        if ask is None:
            return False
        if ask.output.done():
            self._drop(ask)
        else:
            self._demand.arrived(index, self._clock())
        return True

    def _number(self, role: str) -> int:
        for number, (name, _) in enumerate(self._served):
            if name == role:
                return number
        raise ModelUnavailable(
            f"No model fills the role {role}: {self._missing.get(role, 'none is wanted')}."
        )

    def _ask(self, share: int, number: int, item: Look | Clip, deadline: float) -> PendingItem:
        index = self._demand.add_once(share, number, arrival=self._clock(), deadline=deadline)
        ask = self.asks[index] = PendingItem(index, self._served[number][1], item, share)
        self._rows_of[share] += 1
        self._awake()
        return ask

    def _drop(self, ask: PendingItem) -> None:
        del self.asks[ask.index]
        self._demand.remove(ask.index)
        if isinstance(ask.served, LoadedAudioModel) and isinstance(ask.item, Clip):
            ask.served.give_back_slot(ask.item.slot)
        self._rows_of[ask.share] -= 1
        self._leave_if_idle(ask.share)

    def _leave_if_idle(self, share: int) -> None:
        if share in self._ended and not self._rows_of[share]:
            self._ended.remove(share)
            del self._rows_of[share]
            self._demand.shares.leave(share)
