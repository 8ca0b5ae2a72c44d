"""Whether new work is taken."""

import asyncio
import signal
from collections.abc import Callable

from argusd.scheduler.contract.errors import Draining

DRAIN_SIGNAL = signal.SIGUSR1
"""What has the api drain where no caller does: whoever supervises it may have no token."""


class Intake:
    """Open, until the daemon drains (what lives goes on) or is about to stop (``stop`` is set).

    ``holds`` tells whether a session is held here: one of many hosts, whose drain may take hours, does such a
    session's tasks meanwhile, for no other host would. None on a host that is alone. One of several takes
    nothing new while it is ``cut_off`` from the others, which tells why (see ``hosts/hosts.py``).
    """

    def __init__(self, stop: asyncio.Event, holds: Callable[[str], bool] | None = None) -> None:
        self.draining = False
        self.cut_off: Callable[[], str | None] = lambda: None
        self._stop = stop
        self._holds = holds

    @property
    def stopping(self) -> bool:
        """Whether the daemon is about to stop."""
        return self._stop.is_set()

    @property
    def closed(self) -> str | None:
        """Why nothing new is taken; None while it is."""
        if self.stopping:
            return "The daemon is about to stop"
        if self.draining:
            return "The daemon drains"
        why = self.cut_off()
        return why and f"The daemon cannot tell the other hosts that it is there: {why}"

    def check(self, *, goes_on: bool = False) -> None:
        """Turn new work away. ``goes_on``: it belongs to what lives, so that only a stop refuses it.

        Raises:
            Draining: nothing new is taken.
        """
        if self.closed is not None and (self.stopping or not goes_on):
            raise Draining(f"{self.closed}; try again in a moment.")

    def check_task(self, session_id: str | None = None) -> None:
        """Turn a task away, unless it belongs to a session that is held; without ``session_id`` it still may.

        Raises:
            Draining: it is not taken.
        """
        self.check(goes_on=self._holds is not None and (session_id is None or self._holds(session_id)))
