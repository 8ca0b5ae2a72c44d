"""How each library is set: what answered most requests of 16 callers in ``tuning.py``, on two cores.

Of settings within 4 % of each other that which waits less. README.md beside this package has the table.
"""

from typing import NamedTuple


class Settings(NamedTuple):
    """Processes that infer, pictures in a batch at most, and milliseconds that a batch waits for more."""

    workers: int
    batch: int
    wait_ms: int

    def __str__(self) -> str:
        return f"{self.workers} x {self.batch}, {self.wait_ms} ms"

    def arguments(self) -> list[str]:
        """As the servers take them."""
        return [str(each) for each in self]


CHOICES = (Settings(2, 1, 0), Settings(2, 2, 2), Settings(2, 4, 5), Settings(2, 8, 10))
TUNED = {
    ("mosec", "face_embed"): Settings(2, 4, 5),
    ("mosec", "video_room_scan"): Settings(2, 1, 0),
    ("litserve", "face_embed"): Settings(2, 4, 5),
    ("litserve", "video_room_scan"): Settings(2, 2, 2),
    ("aqueduct", "face_embed"): Settings(2, 2, 2),
    ("aqueduct", "video_room_scan"): Settings(2, 1, 0),
}
