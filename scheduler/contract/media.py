"""What a session's media are, wherever they come from."""

from typing import Literal

TrackKind = Literal["video", "audio"]

SAMPLE_RATE = 16_000
"""Samples a second of all sound inside the daemon, s16 mono; it is resampled where it comes in."""
