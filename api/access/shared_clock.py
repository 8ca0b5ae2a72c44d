"""The time of day that hosts agree on: that of the Redis they share. Session tokens go by it.

A host learns at every beat how far its own clock is off. One that is alone goes by its own.
"""

import logging
import time

log = logging.getLogger(__name__)

TOLD_S = 2.0
SURE_WITHIN_S = 0.5  # what an answer tells may be off by half of what it took


class SharedClock:
    """``off_s``: how far this host's clock is ahead of Redis'."""

    def __init__(self) -> None:
        self.off_s = 0.0

    def now(self) -> float:
        """Unix seconds, as every host has them."""
        return time.time() - self.off_s

    def heard(self, theirs: float, asked: float, answered: float) -> None:
        """Redis told its time in answer to what was asked and answered then by ours; all in unix seconds."""
        if answered - asked > SURE_WITHIN_S:
            return
        was_off, self.off_s = abs(self.off_s) > TOLD_S, (asked + answered) / 2 - theirs
        if abs(self.off_s) > TOLD_S and not was_off:
            log.warning(
                "this host's clock is %+.0f s off that of Redis; its events tell wrong times", self.off_s
            )
