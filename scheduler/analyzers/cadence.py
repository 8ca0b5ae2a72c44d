"""Which looks are spared, as the session's policy has it. Pure."""

from ..contract.policy import IN_DOUBT, Gates, Hold
from ..core import Reuse, Roi

LONGEST_S = 5.0
CALM_AFTER_S = 10.0
CALM = 0.5  # times the policy's rate
MOST_SAVED = 60.0  # looks


def while_empty(gates: Gates) -> Reuse | None:
    """While nobody is there: whoever comes changes the picture."""
    return Reuse(LONGEST_S) if gates.empty_room else None


def while_followed(gates: Gates, face: Roi, second_face: Hold) -> Reuse | None:
    """While landmarks follow the one face there is: a second one changes the picture outside its region.

    Should it not, it is found before its violation's own time is over.
    """
    longest_s = min(LONGEST_S, second_face.start_after_s) if second_face.enabled else LONGEST_S
    return Reuse(longest_s, followed=face) if gates.followed_face and longest_s > 0 else None


class Cadence:
    """How often one role looks: as the policy says, or, where the session's gate is on, by what is seen.

    Seldom once ``CALM_AFTER_S`` went by without a doubt, twice as often while there is one; but no more looks
    in all than the policy's rate gives: what doubt spends was saved before, ``MOST_SAVED`` looks at most.
    """

    def __init__(self) -> None:
        self._looked_s: float | None = None
        self._doubt_s = 0.0
        self._saved = 0.0
        self._doubt = False

    def see(self, media_s: float, hz: float, doubt: bool) -> None:
        """Note a look of a role whose rate is ``hz``; ``doubt``: a violation may be about to start."""
        if self._looked_s is None or media_s < self._looked_s:
            self._looked_s = self._doubt_s = media_s
        earned = hz * (media_s - self._looked_s) - 1
        self._saved = min(MOST_SAVED, max(0.0, self._saved + earned))
        self._looked_s, self._doubt = media_s, doubt
        self._doubt_s = media_s if doubt else self._doubt_s

    def rate(self, gates: Gates, hz: float, *judged: Hold) -> float:
        """Looks a second; ``judged``: what holds those violations back that the role's looks may start.

        A look comes no later than the shortest of them lasts, if the policy's own rate is no slower.
        """
        if not gates.calm_session or self._looked_s is None:
            return hz
        if self._doubt:
            return IN_DOUBT * hz if self._saved >= 1 else hz
        if self._looked_s - self._doubt_s < CALM_AFTER_S:
            return hz
        shortest_s = min((hold.start_after_s for hold in judged if hold.enabled), default=LONGEST_S)
        return min(hz, max(CALM * hz, 1 / max(shortest_s, 1 / hz)))
