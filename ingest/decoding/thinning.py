"""Which of a track's pictures are published, where its readers look at fewer than come. Pure.

Readers look at whatever picture comes nearest to their time, as soon as it comes: fewer pictures, evenly
spaced, make none of their looks older. The others are decoded where what follows may be predicted from them,
and not copied. They wait for the next one that is shown, so that the decoder wakes up for several at once.
"""

from math import inf

CLOCK_RATE = 90_000
# A reader finds a picture no farther than half of this from its time. Half of a camera's 24 to 30 a second.
LEAST_HZ = 12.0
ROUNDING = 1.02  # senders' timestamps are of whole milliseconds


class Thinning:
    """One track's, for who looks at ``pictures_hz`` a second; asked about its frames in order."""

    def __init__(self, pictures_hz: float = inf) -> None:
        self._longest = ROUNDING * CLOCK_RATE / max(pictures_hz, LEAST_HZ)
        self._shown = self._newest = -inf
        self._interval = inf
        self._shown_discardable = False

    def shows(self, rtp_timestamp: int, *, discardable: bool = False) -> bool:
        """Whether this picture is shown: the next one would be too late.

        It will come as soon as one of the last two did: cameras' clocks waver.

        A frame whose timestamp does not go on from the one before is shown. Where some are ``discardable``
        (no other frame is predicted from them), those are rather left out: they need no decoding.
        """
        interval, self._newest = rtp_timestamp - self._newest, float(rtp_timestamp)
        shorter, self._interval = min(interval, self._interval), interval
        in_time = interval > 0 and rtp_timestamp + shorter - self._shown <= self._longest
        if in_time and (discardable or not self._shown_discardable):
            return False
        self._shown, self._shown_discardable = self._newest, discardable
        return True
