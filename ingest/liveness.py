"""Where a session and each of its tracks stand, told by what came and when. Pure.

A session lives by packets, a track by what was published of it: pictures that are all dropped are no picture.
Of a track that nobody wants, what would have been tried counts as well.
Both are looked at a few times a second, never for each packet.
"""

from collections import Counter, deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from .config import IngestConfig

State = Literal["connecting", "live", "stale", "closed"]
TrackPhase = Literal["connecting", "live", "stale"]

# A screen that hardly changes brings few pictures: who is known to be slow is given twice his usual time,
# but so much more than others and no more.
PACES = 2
MOST_PATIENCE = 2.5
# Between two looks no more than this counts as silence: a process that stood still has heard nobody.
COUNTED_NS = 1_000_000_000


class Standing(NamedTuple):
    """A session's state and, when closed, why: a code, and a sentence where there is more to say."""

    state: State
    reason: str = ""
    detail: str = ""


class TrackStanding(NamedTuple):
    """A track's state, why it is stale, and since when (CLOCK_MONOTONIC): a stale one, since its last."""

    state: TrackPhase
    reason: str = ""
    since_ns: int = 0


def standing(
    config: IngestConfig, opened_ns: int, last_media_ns: int, now_ns: int, patience_s: float = 0.0
) -> Standing:
    """Judge a session by its silence; all times monotonic, ``last_media_ns`` is 0 before the first packet.

    ``patience_s``: how long its most patient track may be silent.
    """
    if not last_media_ns:
        if now_ns - opened_ns >= config.connect_s * 1e9:
            return Standing("closed", "never_connected")
        return Standing("connecting")
    silence_s = (now_ns - last_media_ns) / 1e9
    if silence_s >= config.closed_s:
        return Standing("closed", "silent")
    return Standing("stale" if silence_s >= max(config.stale_s, patience_s) else "live")


class TrackLiveness:
    """One track's silence, and whether it is too long for how often the track usually brings something.

    ``stale_s``: the least that is too long. The usual is the shorter of the last two gaps, so that one hiccup
    changes nothing. A track that was stale is live again when something comes in its usual time: one that
    brings a picture now and then, more seldom than patience allows, stays stale and does not flap.
    """

    def __init__(self, stale_s: float, now_ns: int) -> None:
        self.standing = TrackStanding("connecting", since_ns=now_ns)
        self._stale_ns = round(stale_s * 1e9)
        self._gaps = deque([0, 0], maxlen=2)
        self._published = 0
        self._came_ns = self._looked_ns = now_ns
        self._silence_ns = 0

    @property
    def patience_ns(self) -> int:
        """How long it may be silent."""
        usual = PACES * min(self._gaps)
        return min(max(self._stale_ns, usual), round(MOST_PATIENCE * self._stale_ns))

    def connected(self, now_ns: int) -> None:
        """From now on something could have come."""
        self.standing = TrackStanding("connecting", since_ns=now_ns)
        self._came_ns = self._looked_ns = now_ns
        self._silence_ns = 0

    def look(self, now_ns: int, published: int, why: Callable[[], str], *, ended: bool = False) -> bool:
        """Judge by how much was ``published`` so far; whether ``standing`` is another one now.

        ``why`` is asked only for a track that is stale. ``ended``: its sender says so.
        """
        before = self.standing
        self._silence_ns += min(now_ns - self._looked_ns, COUNTED_NS)
        self._looked_ns = now_ns
        if published > self._published:
            self._published = published
            self._came(now_ns)
        elif ended or self._silence_ns >= self.patience_ns:
            self.standing = TrackStanding("stale", why(), self._came_ns)
        return self.standing != before

    def _came(self, now_ns: int) -> None:
        gap, self._silence_ns, self._came_ns = self._silence_ns, 0, now_ns
        if self.standing.state == "connecting":
            self.standing = TrackStanding("live", since_ns=now_ns)
            return
        self._gaps.append(gap)
        if self.standing.state == "stale" and gap <= self.patience_ns:
            self.standing = TrackStanding("live", since_ns=now_ns)


# Why nothing comes of what arrives, by the counters of what is dropped: the first of these that rose.
CAUSES = {
    "frozen": ("repeated",),
    "arena_full": ("arena_full",),
    "frame_too_large": ("frame_too_large", "frame_too_long"),
    "pixel_format": ("pixel_format",),
    "undecodable": ("decode_error", "decoder_fault", "damaged_frame", "damaged_packet", "no_picture"),
    "overload": ("overload",),
    "await_keyframe": ("await_keyframe",),
    "overlap": ("overlap",),
    "packet_loss": ("lost_packet", "mid_frame_packet", "discarded_packet"),
}


def cause(dropped: Counter[str]) -> str:
    """Why all of this was dropped; empty where nothing was that could have become something."""
    rose = (reason for reason, names in CAUSES.items() if any(dropped[name] for name in names))
    return next(rose, "")
