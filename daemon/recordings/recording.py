"""Takes a session's pictures and sound out of shared memory into a film, while the daemon serves them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from argusd.ingest.shm.frame import FrameInfo
from argusd.ingest.shm.ring import FrameReader, FrameView, read_anchor
from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.recorder.sound import SoundTake
from argusd.scheduler.recorder.tracks import Tracks

from .film import Film
from .pictures import taken

NANOSECONDS = 1e9
MOST_APART_S = 10.0  # tracks of one sender begin nearer; clocks that say more are not of one kind


class Rings(NamedTuple):
    """What is recorded of a session: the rings of the tracks that it has."""

    media: MediaKey
    video: RingRef | None
    sound: RingRef | None


def rings_of(tracks: Tracks, session_id: str) -> Rings | None:
    """Those of a session's publisher; None: it has no media here."""
    open_ones = [*tracks.of(session_id, "video"), *tracks.of(session_id, "audio")]
    if not open_ones:
        return None
    media = open_ones[0]
    return Rings(media, tracks.ring(media, "video"), tracks.ring(tracks.find(media, "audio"), "audio"))


class Recording:
    """One session's, from the next picture on. Pictures that come while one is encoded are passed over.

    Its times are the sender's where that clock is known of all tracks when it begins, else those of arrival.
    Nothing that writes a ring waits for it. It begins with a picture where the session has some.

    Raises:
        OSError, av.FFmpegError: see ``Film``.
    """

    def __init__(self, path: Path, rings: Rings, first: FrameView | None, reader: FrameReader | None) -> None:
        self._rings = rings
        self._reader = reader
        self._take = SoundTake(rings.sound, 0.0) if rings.sound is not None else None
        anchor = read_anchor(rings.sound.view, rings.sound.place) if rings.sound is not None else None
        clocks = ([first.info.captured_ns] if first else []) + ([anchor.captured_ns] if anchor else [])
        self._by_sender = all(clocks)
        sound_ns = 0
        if self._take is not None and anchor is not None:
            ahead_ns = anchor.captured_ns - anchor.arrival_ns if self._by_sender else 0
            sound_ns = self._take.begins_ns + ahead_ns
        self._begins_ns = self._time_ns(first.info) if first is not None else sound_ns
        early_s = (self._begins_ns - sound_ns) / NANOSECONDS
        self._early = round(early_s * SAMPLE_RATE) if abs(early_s) <= MOST_APART_S else 0
        size = (first.info.width, first.info.height) if first is not None else None
        self.film = Film(path, size, sound=self._take is not None)
        if self._take is not None and self._early < 0:
            self.film.say(np.zeros(-self._early, np.int16))
        if first is not None:
            self._show(first)

    @property
    def passed_over(self) -> int:
        """Pictures that came and are not in it."""
        return self._reader.skipped + self._reader.torn if self._reader is not None else 0

    def look(self) -> None:
        """Take what has come since the last look."""
        frame = self._reader.newest() if self._reader is not None else None
        if frame is not None:
            self._show(frame)
        if self._take is not None:
            self._take.read()
            samples = self._take.drain()
            dropped = min(max(0, self._early), len(samples))  # heard before the first picture
            self._early -= dropped
            self.film.say(samples[dropped:])

    def follow(self, tracks: Tracks) -> bool:
        """Go on with a picture of another geometry; False: a track is over, or another's."""
        now = rings_of(tracks, self._rings.media.session_id)
        if now is None or now.media != self._rings.media or now.sound != self._rings.sound:
            return False
        if now.video is None or self._reader is None:
            return now.video == self._rings.video
        if now.video != self._rings.video:
            self._rings = now
            self._reader = FrameReader(now.video.view, now.video.place, now.video.generation)
        return True

    def _show(self, frame: FrameView) -> None:
        picture = taken(frame)
        if picture is None:
            assert self._reader is not None
            self._reader.lose()
        else:
            self.film.show((self._time_ns(frame.info) - self._begins_ns) / NANOSECONDS, picture)

    def _time_ns(self, info: FrameInfo) -> int:
        return info.captured_ns if self._by_sender else info.arrival_ns
