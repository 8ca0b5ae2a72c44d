"""Which scheduler of a tier takes a piece of work. Pure.

A session that has been somewhere goes there again, as long as that scheduler can be used. New media stay for
long and go where the least is going on. A task is over soon, so those take turns, which is fair without
knowing how long each will take.
"""

from collections.abc import Iterable, Mapping


def least_loaded(loads: Mapping[str, int]) -> str:
    """The scheduler that takes a session's media. ``loads``: what each one watches, of at least one."""
    return min(loads, key=lambda name: (loads[name], name))


class Turns:
    """Decides for the tasks of one tier; remembers whose turn it is."""

    def __init__(self) -> None:
        self._last = ""

    def choose(self, names: Iterable[str], affine: str | None) -> str | None:
        """The name of the scheduler to use; None if there is none to choose from."""
        usable = sorted(names)
        if not usable or affine in usable:
            return affine if usable else None
        self._last = next((name for name in usable if name > self._last), usable[0])
        return self._last
