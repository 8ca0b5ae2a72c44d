"""Whether new work is taken."""

import asyncio
import signal

from argusd.scheduler.contract.errors import Draining

DRAIN_SIGNAL = signal.SIGUSR1
"""What has the api drain where no caller does: whoever supervises it may have no token."""


class Intake:
    """Open, until the daemon drains (what lives goes on) or is about to stop (``stop`` is set)."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.draining = False
        self._stop = stop

    @property
    def stopping(self) -> bool:
        """Whether the daemon is about to stop."""
        return self._stop.is_set()

    @property
    def closed(self) -> str | None:
        """Why nothing new is taken; None while it is."""
        if self.stopping:
            return "The daemon is about to stop"
        return "The daemon drains" if self.draining else None

    def check(self, *, goes_on: bool = False) -> None:
        """Turn new work away. ``goes_on``: it belongs to what lives, so that only a stop refuses it.

        Raises:
            Draining: nothing new is taken.
        """
        if self.closed is not None and (self.stopping or not goes_on):
            raise Draining(f"{self.closed}; try again in a moment.")
