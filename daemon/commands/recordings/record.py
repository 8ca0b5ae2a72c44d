"""``argusd record SESSION --into FILE``: keep what a session sends, to be played again."""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import av

from argusd.ingest.shm.ring import FrameReader, FrameView
from argusd.scheduler.media.arena_sources import ArenaSource, writers
from argusd.scheduler.recorder.config import RecorderConfig
from argusd.scheduler.recorder.tracks import Tracks

from ...arguments import amount, session_id, unused_path
from ...config import Config, load_config
from ...errors import NotRunning
from ...recordings.errors import NothingToRecord, RecordingFailed, RecordingOff
from ...recordings.recording import Recording, Rings, rings_of

HELP = {"record": "keep what a session sends, where the configuration allows it"}
LONGEST_S = 600.0
LOOK_EVERY_S = 1 / 120  # a picture of the fastest cameras lies in its ring for longer
FOUND_WITHIN_S = 10.0
SETTLED_S = 1.0  # pictures and sound of one publisher do not begin at once
NAME = "record"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("session", type=session_id, metavar="SESSION", help="a session that sends now")
    parser.add_argument(
        "--into",
        type=unused_path,
        required=True,
        metavar="FILE",
        help="a new file, which the user alone can read",
    )
    parser.add_argument(
        "--seconds", type=amount, default=LONGEST_S, metavar="N", help="for how long at most (%(default)g)"
    )


def run(args: argparse.Namespace) -> int:
    """Record until the session ends, the time is over, or Ctrl-C."""
    config = load_config(args.config)
    if not config.recording:
        raise RecordingOff(
            "sessions are not recorded here: a recording holds faces and voices as they are. Where that is "
            "allowed, set recording = true in the configuration (or ARGUSD_RECORDING=true)"
        )
    try:
        asyncio.run(record(config, args.session, args.into, args.seconds))
    except FileExistsError as error:
        raise RecordingFailed(f"{args.into} is there already: --into wants a new file") from error
    except (OSError, av.FFmpegError) as error:
        raise RecordingFailed(f"{args.into} cannot be written: {error.strerror}") from error
    return 0


async def record(config: Config, session_id: str, into: Path, seconds: float) -> None:
    """Record a session of the daemon that this configuration describes.

    Raises:
        NotRunning: there is no such daemon.
        NothingToRecord: it has no media here.
        RecordingFailed: it may take no more of the disk.
        OSError, av.FFmpegError: see ``Film``.
    """
    if not any(map(os.path.exists, writers(config.runtime_dir, config.ingest_workers))):
        raise NotRunning(f"no daemon runs in {config.runtime_dir}, or that folder is another user's")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with attached(config) as tracks:
        rings = await found(tracks, session_id, config)
        recording = Recording(into, rings, *await first_picture(rings))
        try:
            print(f"recording {session_id} into {into}; Ctrl-C ends it", flush=True)
            await keep(recording, tracks, stop, seconds, into, config.recorder)
        finally:
            recording.film.close()
    print(kept(recording))


def kept(recording: Recording) -> str:
    """How much it holds."""
    film = recording.film
    return f"{film.seconds:.1f} s, {film.pictures} pictures, {recording.passed_over} passed over"


async def keep(
    recording: Recording,
    tracks: Tracks,
    stop: asyncio.Event,
    seconds: float,
    into: Path,
    limits: RecorderConfig,
) -> None:
    """Look until it is over.

    Raises:
        RecordingFailed: it may take no more of the disk.
    """
    while not stop.is_set() and recording.film.seconds < seconds and recording.follow(tracks):
        if reason := no_room(into, limits):
            raise RecordingFailed(f"{reason}: {into} ends here")
        recording.look()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)


def no_room(into: Path, limits: RecorderConfig) -> str:
    """Why a recording may not grow; empty while it may."""
    if shutil.disk_usage(into.parent).free < limits.min_free_mib << 20:
        return "the disk is nearly full (evidence.min_free_mib)"
    if into.stat().st_size >= limits.max_mib << 20:
        return f"it has {limits.max_mib} MiB (evidence.max_mib)"
    return ""


@contextlib.asynccontextmanager
async def attached(config: Config) -> AsyncIterator[Tracks]:
    """The tracks of all arenas of this host, mapped read-only as schedulers map them."""
    tracks = Tracks()
    paths = writers(config.runtime_dir, config.ingest_workers)
    sources = [asyncio.create_task(ArenaSource(path, NAME, tracks, lambda: None).run()) for path in paths]
    try:
        yield tracks
    finally:
        for source in sources:
            source.cancel()
        await asyncio.gather(*sources, return_exceptions=True)


async def found(tracks: Tracks, session_id: str, config: Config) -> Rings:
    """The session's rings, once pictures and sound had time to begin.

    Raises:
        NothingToRecord: there are none.
    """
    deadline = time.monotonic() + FOUND_WITHIN_S
    while rings_of(tracks, session_id) is None:
        if time.monotonic() > deadline:
            raise NothingToRecord(
                f"{session_id} sends nothing here, or the sockets in {config.runtime_dir} are another user's"
            )
        await asyncio.sleep(LOOK_EVERY_S)
    await asyncio.sleep(SETTLED_S)
    rings = rings_of(tracks, session_id)
    if rings is None:
        raise NothingToRecord(f"{session_id} ended before anything was recorded")
    return rings


async def first_picture(rings: Rings) -> tuple[FrameView | None, FrameReader | None]:
    """The newest picture, and who reads on from there.

    Raises:
        NothingToRecord: none came.
    """
    if rings.video is None:
        return None, None
    reader = FrameReader(rings.video.view, rings.video.place, rings.video.generation)
    deadline = time.monotonic() + FOUND_WITHIN_S
    while (frame := reader.newest()) is None:
        if time.monotonic() > deadline:
            raise NothingToRecord(f"{rings.media.session_id} sends no pictures any more")
        await asyncio.sleep(LOOK_EVERY_S)
    reader.skipped = 0  # what came before is not missed
    return frame, reader
