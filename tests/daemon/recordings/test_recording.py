"""What a recording holds is what lay in shared memory, bit by bit."""

import stat
from pathlib import Path

import numpy as np
import pytest

from argusd.benchmarks.accuracy.replays import pictures_of, samples_of
from argusd.daemon.recordings.recording import Recording, Rings, rings_of
from argusd.ingest.shm.frame import PixelFormat
from argusd.ingest.shm.ring import FrameReader
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.recorder.tracks import Tracks

from ...scheduler.recorder.rings import Sound, Video

MEDIA = MediaKey("exam-1")
BEGIN_NS = 5_000_000_000
STEP_NS = 40_000_000


def begun(path: Path, video: Video, sound: Sound | None) -> Recording:
    reader = FrameReader(video.ring.view, video.ring.place, video.ring.generation)
    rings = Rings(MEDIA, video.ring, sound.ring if sound else None)
    return Recording(path, rings, reader.newest(), reader)


def test_pictures_and_samples_are_played_as_they_came_and_when(tmp_path: Path) -> None:
    video, sound = Video(64, 48), Sound(2.0)
    video.show(10, BEGIN_NS)
    sound.say(1600, BEGIN_NS)
    recording = begun(tmp_path / "a.mkv", video, sound)
    said = []
    for number in (1, 2, 4):
        video.show(10 + number, BEGIN_NS + number * STEP_NS)
        said.append(sound.say(640, BEGIN_NS + number * STEP_NS))
        recording.look()
    recording.film.close()
    pieces = [*pictures_of(tmp_path / "a.mkv")]
    assert [round(piece.due_s, 3) for piece in pieces] == [0.0, 0.04, 0.08, 0.16]
    assert [np.unique(piece.picture[0]).tolist() for piece in pieces if piece.picture] == [
        [10],
        [11],
        [12],
        [14],
    ]
    kept = samples_of(tmp_path / "a.mkv")
    spoken = np.concatenate(said)
    assert kept[np.flatnonzero(kept)[0] :].tolist() == spoken.tolist()[-np.count_nonzero(kept) :]
    assert np.count_nonzero(kept) > 1600
    assert recording.passed_over == 0


def test_a_recording_is_its_owners_alone_and_takes_no_other_files_place(tmp_path: Path) -> None:
    video = Video(64, 48)
    video.show(10)
    begun(tmp_path / "a.mkv", video, None).film.close()
    assert stat.S_IMODE((tmp_path / "a.mkv").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        begun(tmp_path / "a.mkv", video, None)


def test_pictures_of_other_formats_are_kept_as_well_and_those_not_seen_are_counted(tmp_path: Path) -> None:
    video = Video(64, 48, PixelFormat.BGR24)
    video.show(200, BEGIN_NS)
    recording = begun(tmp_path / "a.mkv", video, None)
    for number in (1, 2, 3):
        video.show(100, BEGIN_NS + number * STEP_NS)
    recording.look()
    recording.film.close()
    assert (recording.film.pictures, recording.passed_over) == (2, 2)
    assert len([*pictures_of(tmp_path / "a.mkv")]) == 2


def test_it_follows_a_picture_of_another_size_and_ends_with_its_track(tmp_path: Path) -> None:
    tracks, video, larger = Tracks(), Video(64, 48), Video(128, 96)
    tracks.ring_opened(MEDIA, video.ring)
    video.show(10, BEGIN_NS)
    recording = begun(tmp_path / "a.mkv", video, None)
    assert recording.follow(tracks)
    tracks.ring_opened(MEDIA, larger.ring)
    assert recording.follow(tracks)
    larger.show(20, BEGIN_NS + STEP_NS)
    recording.look()
    tracks.ring_closed(MEDIA, "video", larger.ring.view)
    assert not recording.follow(tracks)
    recording.film.close()
    assert [piece.picture[0].shape for piece in pictures_of(tmp_path / "a.mkv") if piece.picture] == [
        (48, 64)
    ] * 2


def test_a_session_without_media_has_nothing_to_record() -> None:
    assert rings_of(Tracks(), "exam-1") is None
