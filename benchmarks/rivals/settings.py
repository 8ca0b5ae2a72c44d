"""How each rival is set: the best of the choices in ``tuning.py`` for 16 callers on two cores."""

from typing import NamedTuple


class Settings(NamedTuple):
    """Processes that infer, pictures a batch at most, and milliseconds that a batch waits for more."""

    workers: int
    batch: int
    wait_ms: int

    def arguments(self) -> list[str]:
        """As the rivals' modules take them."""
        return [str(each) for each in self]


TUNED = {
    ("mosec", "face_embed"): Settings(2, 1, 0),
    ("mosec", "video_room_scan"): Settings(2, 1, 0),
    ("litserve", "face_embed"): Settings(2, 1, 0),
    ("litserve", "video_room_scan"): Settings(2, 1, 0),
    ("aqueduct", "face_embed"): Settings(2, 1, 0),
    ("aqueduct", "video_room_scan"): Settings(2, 1, 0),
    ("pytriton", "face_embed"): Settings(2, 1, 0),
    ("pytriton", "video_room_scan"): Settings(2, 1, 0),
}
