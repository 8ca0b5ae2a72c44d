"""Where a session stands, told by the time of its last media packet. Pure."""

from typing import Literal, NamedTuple

from .config import IngestConfig

State = Literal["connecting", "live", "stale", "closed"]


class Standing(NamedTuple):
    """A session's state and, when closed, why."""

    state: State
    reason: str = ""


def standing(config: IngestConfig, opened_ns: int, last_media_ns: int, now_ns: int) -> Standing:
    """Judge a session by its silence; all times monotonic, ``last_media_ns`` is 0 before the first packet."""
    if not last_media_ns:
        if now_ns - opened_ns >= config.connect_s * 1e9:
            return Standing("closed", "never_connected")
        return Standing("connecting")
    silence_s = (now_ns - last_media_ns) / 1e9
    if silence_s >= config.closed_s:
        return Standing("closed", "silent")
    return Standing("stale" if silence_s >= config.stale_s else "live")
