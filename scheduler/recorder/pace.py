"""Work that is spread over time, so that what is live does not meet all of it at once."""

import time

from ..allowed_cores import allowed_cores

MACHINE = 1 / 8  # of all cores
REST_S = 0.005  # shorter rests are saved up: a timer is no finer


class Pace:
    """Keeps what one thread does to ``share`` of a core; made and asked in that thread."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._worked_s = time.thread_time()

    def rest_s(self) -> float:
        """For how long the thread is to rest now, for what it has done since it last rested."""
        worked_s = time.thread_time() - self._worked_s
        rest_s = worked_s * (1 / self._share - 1)
        if rest_s < REST_S:
            return 0.0
        self._worked_s += worked_s
        return rest_s


def a_share_of_the_machine() -> float:
    """Of one core, what ``MACHINE`` of all cores that this process may use comes to; at most all of it."""
    return min(1.0, allowed_cores() * MACHINE)
