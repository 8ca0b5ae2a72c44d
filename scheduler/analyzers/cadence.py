"""How long what a detector saw may stand for later pictures, as the session's policy has it. Pure."""

from ..contract.policy import Gates, Hold
from ..core import Reuse, Roi

LONGEST_S = 5.0


def while_empty(gates: Gates) -> Reuse | None:
    """While nobody is there: whoever comes changes the picture."""
    return Reuse(LONGEST_S) if gates.empty_room else None


def while_followed(gates: Gates, face: Roi, second_face: Hold) -> Reuse | None:
    """While landmarks follow the one face there is: a second one changes the picture outside its region.

    Should it not, it is found before its violation's own time is over.
    """
    longest_s = min(LONGEST_S, second_face.start_after_s) if second_face.enabled else LONGEST_S
    return Reuse(longest_s, followed=face) if gates.followed_face and longest_s > 0 else None
