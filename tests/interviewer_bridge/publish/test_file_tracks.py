"""Files played in virtual time: however slow coding is, media time is the wall's, and sound loses nothing."""

import asyncio
import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from PIL import Image

from argusd.interviewer_bridge.publish.file_stream import FileStream, Piece, fitting
from argusd.interviewer_bridge.publish.file_tracks import HOLD_S, PictureTrack, SoundTrack, tracks_of
from argusd.interviewer_bridge.publish.playback import Playback
from argusd.interviewer_bridge.publish.read_ahead import TOO_LATE_S

from ...waiting import LONGEST_S
from ..films import beeps, every, film, number_of
from ..virtual_time import VirtualTime

FRAME_S, BLOCK_S = 1 / 30, 0.02


class Player:
    """Plays a file as aiortc's senders do: a frame is asked for when the one before it is coded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = VirtualTime()
        self.decoding_s = 0.0
        self.costs: Iterator[float] = iter(())  # of the first pictures, where they differ
        self.coding_s = 0.0
        monkeypatch.setattr("asyncio.to_thread", self.time.thread(self._cost_s))
        self.pictures: list[tuple[float, float, int]] = []  # wall, media time, the picture's number
        self.blocks: list[tuple[float, Any]] = []
        self.skipped = 0

    def _cost_s(self, piece: Piece) -> float:
        return next(self.costs, self.decoding_s) if isinstance(piece.frame, av.VideoFrame) else 0.0

    async def play(
        self,
        path: str,
        *,
        loop: bool = False,
        still: bool = False,
        live: bool = False,
        until_s: float = 60,
    ) -> None:
        """Play it all, or until that wall time."""
        playback = Playback(loop=loop, still=still, now=self.time.now, sleep=self.time.sleep)
        pictures, sound = FileStream(path, "video"), FileStream(path, "audio")
        pictures.is_live = sound.is_live = live
        video, audio = tracks_of(
            pictures if pictures.exists else None, sound if sound.exists else None, playback
        )
        self.playback = playback
        players = []
        if video is not None:
            players.append(self._watch(video, until_s))
        if audio is not None:
            players.append(self._listen(audio, until_s))
        await asyncio.gather(*players)

    async def _watch(self, track: PictureTrack, until_s: float) -> None:
        while (frame := await self._next(track, until_s)) is not None:
            assert frame.time is not None
            self.pictures.append((self.wall_s, frame.time, number_of(frame)))
            await self.time.sleep(self.coding_s)
        self.skipped = track.skipped

    async def _listen(self, track: SoundTrack, until_s: float) -> None:
        while (block := await self._next(track, until_s)) is not None:
            self.blocks.append((self.wall_s, block))

    async def _next(self, track: MediaStreamTrack, until_s: float) -> Any:
        if self.wall_s >= until_s:
            track.stop()
        try:
            return await track.recv()
        except MediaStreamError:
            assert track.readyState == "ended"
            return None

    @property
    def wall_s(self) -> float:
        return self.playback.media_s

    @property
    def lateness(self) -> list[float]:
        return [wall - media for wall, media, _ in self.pictures]

    def assert_sound_is_whole(self, seconds: float) -> None:
        """Every block came, at its time, one after the other, for so long at least."""
        assert [block.pts for _, block in self.blocks] == [960 * number for number in range(len(self.blocks))]
        assert len(self.blocks) >= round(seconds / BLOCK_S)
        assert all(abs(wall - block.time) < 1e-6 for wall, block in self.blocks)


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> Player:
    return Player(monkeypatch)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., str]:
    return lambda name="film.mp4", **wanted: film(tmp_path / name, **wanted)


async def test_on_an_idle_machine_every_picture_comes_when_it_is_due(player: Player, make: Any) -> None:
    await player.play(make(times=every(30, 1), sound_s=1, codecs=("libx264", "pcm_s16le"), name="film.mkv"))
    assert [number for _, _, number in player.pictures] == list(range(30))
    assert max(map(abs, player.lateness)) < 0.001
    player.assert_sound_is_whole(1)
    assert player.skipped == 0


@pytest.mark.parametrize("coding_s", [0.05, 0.1, 0.3, 1.0])
async def test_what_is_coded_too_slowly_is_skipped_and_time_goes_on(
    player: Player, make: Any, coding_s: float
) -> None:
    player.coding_s = coding_s
    await player.play(make(times=every(30, 6), sound_s=6))
    assert max(player.lateness) < FRAME_S + 0.001
    assert player.pictures[-1][1] > 6 - coding_s - 2 * FRAME_S
    assert len(player.pictures) == pytest.approx(6 / max(coding_s, FRAME_S), abs=4)
    numbers = [round(media / FRAME_S) % 50 for _, media, _ in player.pictures]
    assert [number for _, _, number in player.pictures] == numbers
    player.assert_sound_is_whole(6)


async def test_slow_decoding_and_coding_do_not_add_up(player: Player, make: Any) -> None:
    player.decoding_s, player.coding_s = 0.02, 0.03
    await player.play(make(times=every(30, 4), sound_s=4))
    assert len(player.pictures) > 100
    assert max(player.lateness) < 0.1


async def test_what_is_live_and_came_late_once_goes_on_late_and_whole(player: Player, make: Any) -> None:
    # A network paused for a second; since then everything comes that much later than its own times say.
    player.costs = iter([0.0] * 10 + [1.0] + [FRAME_S] * 200)
    await player.play(make(times=every(30, 3), name="film.mkv"), live=True)
    assert len({media for _, media, _ in player.pictures}) >= 88
    assert max(player.lateness) == pytest.approx(0.7, abs=0.35)


async def test_a_file_that_came_late_once_is_on_time_from_the_next_keyframe_on(
    player: Player, make: Any
) -> None:
    player.costs = iter([0.0] * 10 + [1.0] + [FRAME_S] * 200)
    await player.play(make(times=every(30, 6), gop=30, name="film.mkv"))
    assert player.pictures[-1][1] > 5.9
    assert len(player.pictures) > 100
    assert max(player.lateness) < TOO_LATE_S
    assert max(player.lateness[20:]) < 0.1


@pytest.mark.parametrize("b_frames", [0, 2])
async def test_what_is_decoded_too_slowly_goes_on_at_a_later_keyframe(
    player: Player, make: Any, b_frames: int
) -> None:
    player.decoding_s = 0.08
    await player.play(make(times=every(30, 8), sound_s=8, gop=30, b_frames=b_frames))
    assert max(player.lateness) < TOO_LATE_S + 0.001
    assert player.pictures[-1][1] > 6.9
    gaps = [after[0] - before[0] for before, after in pairwise(player.pictures)]
    assert max(gaps) < 1.0
    player.assert_sound_is_whole(8)


async def test_pass_after_pass_is_one_timeline_with_picture_and_sound_in_step(
    player: Player, make: Any
) -> None:
    path = make(times=every(10, 1), sound_s=1.21, codecs=("libx264", "pcm_s16le"), name="film.mkv")
    await player.play(path, loop=True, until_s=9)
    starts = [media for _, media, number in player.pictures if number == 0]
    assert starts == pytest.approx([1.22 * n for n in range(8)], abs=0.001)
    assert beeps([block for _, block in player.blocks]) == pytest.approx(
        sorted([1.22 * n for n in range(8)] + [1.22 * n + 1 for n in range(7)]), abs=BLOCK_S
    )
    media = [media for _, media, _ in player.pictures]
    assert media == sorted(set(media))
    player.assert_sound_is_whole(player.blocks[-1][1].time + BLOCK_S)


@pytest.mark.parametrize("name", ["film.mp4", "film.ts", "film.mkv", "film.webm", "film.avi"])
async def test_any_container_goes_on_in_step(player: Player, make: Any, name: str) -> None:
    # MPEG-TS begins at 1.4 s; MP4 cuts the encoder's delay off with an edit list; AVI has no times but rates.
    codecs = ("libvpx", "libopus") if name.endswith("webm") else ("libx264", "aac")
    b_frames = 0 if name.endswith(("webm", "avi")) else 2
    path = make(name, times=every(30, 1), sound_s=1, codecs=codecs, b_frames=b_frames)
    await player.play(path, loop=True, until_s=4.9)
    starts = [media for _, media, number in player.pictures if number == 0]
    sounds = beeps([block for _, block in player.blocks])
    assert len(starts) >= 4
    lengths = [after - before for before, after in pairwise(starts)]
    assert lengths == pytest.approx([1.04] * len(lengths), abs=0.07)
    assert sounds[: len(starts)] == pytest.approx(starts[: len(sounds)], abs=0.045)
    assert max(map(abs, player.lateness)) < 0.001


async def test_sound_that_ends_first_goes_on_as_silence(player: Player, make: Any) -> None:
    await player.play(make(times=every(10, 2), sound_s=0.5, name="film.mkv"))
    assert len(player.pictures) == 20
    player.assert_sound_is_whole(round(player.blocks[-1][1].time + BLOCK_S, 2))
    assert player.blocks[-1][1].time == pytest.approx(1.9, abs=0.11)


async def test_a_picture_that_ends_first_stays(player: Player, make: Any) -> None:
    await player.play(make(times=every(10, 1), sound_s=3, name="film.mkv"))
    assert [number for _, _, number in player.pictures[10:]] == [9] * 4
    held = [media for _, media, _ in player.pictures[10:]]
    assert held == pytest.approx([0.9 + HOLD_S * n for n in range(1, 5)])
    player.assert_sound_is_whole(round(player.blocks[-1][1].time + BLOCK_S, 2))


async def test_sound_that_begins_later_does_so(player: Player, make: Any) -> None:
    path = make(
        times=every(10, 2), sound_s=1, sound_from_s=0.5, codecs=("libx264", "pcm_s16le"), name="film.mkv"
    )
    await player.play(path)
    assert beeps([block for _, block in player.blocks]) == pytest.approx([0.5], abs=BLOCK_S)


async def test_a_picture_after_a_long_pause_is_waited_for_while_the_last_one_stays(
    player: Player, make: Any
) -> None:
    await player.play(make(times=[0, 0.1, 2.1, 2.2], name="film.mkv"))
    assert [number for _, _, number in player.pictures] == [0, 1, 1, 1, 1, 2, 3]
    assert [media for _, media, _ in player.pictures] == pytest.approx([0, 0.1, 0.6, 1.1, 1.6, 2.1, 2.2])


@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_one_track_alone_goes_round(player: Player, make: Any, kind: str) -> None:
    wanted = {"times": every(10, 1)} if kind == "video" else {"sound_s": 1, "codecs": ("", "pcm_s16le")}
    await player.play(make("film.mkv", **wanted), loop=True, until_s=3.95)
    assert len(player.pictures) == (41 if kind == "video" else 0)
    assert len(player.blocks) == (0 if kind == "video" else 199)


async def test_a_still_picture_stays_until_it_is_stopped(player: Player, tmp_path: Path) -> None:
    path = film(tmp_path / "photo.jpg", times=[0], codecs=("mjpeg", ""))
    assert FileStream(path, "video").is_still
    await player.play(path, still=True, until_s=3)
    assert [media for _, media, _ in player.pictures] == pytest.approx([HOLD_S * n for n in range(7)])


@pytest.mark.parametrize(
    ("orientation", "top", "size"),
    [
        (1, np.s_[:24], (64, 48)),
        (3, np.s_[24:], (64, 48)),
        (6, np.s_[:, :32], (48, 64)),
        (8, np.s_[:, 32:], (48, 64)),
    ],
)
async def test_a_photo_is_shown_as_its_camera_was_held(
    tmp_path: Path, orientation: int, top: Any, size: tuple[int, int]
) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[top] = 255
    tags = Image.Exif()
    tags[0x0112] = orientation
    Image.fromarray(picture).save(tmp_path / "photo.jpg", exif=tags)
    frame = FileStream(str(tmp_path / "photo.jpg"), "video").read().frame
    assert (frame.width, frame.height) == size
    luma = frame.to_ndarray()[: frame.height]
    assert luma[:20].mean() > 230
    assert luma[-20:].mean() < 30


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((3840, 2160), (3840, 2160)),
        ((2159, 3839), (2159, 3839)),
        ((4032, 3024), (3324, 2494)),
        ((3024, 4032), (2494, 3324)),
        ((8000, 1000), (3840, 480)),
        ((2560, 1440), (2560, 1440)),
    ],
)
def test_what_is_larger_than_a_daemon_takes_is_sent_smaller(
    size: tuple[int, int], sent: tuple[int, int]
) -> None:
    assert fitting(*size) == sent


async def test_a_large_photo_is_sent_smaller(tmp_path: Path) -> None:
    Image.new("RGB", (4032, 3024), "white").save(tmp_path / "photo.jpg")
    frame = FileStream(str(tmp_path / "photo.jpg"), "video").read().frame
    assert (frame.width, frame.height) == (3324, 2494)


@pytest.mark.parametrize(("rotation", "size"), [(90, (48, 64)), (180, (64, 48)), (-90, (48, 64))])
async def test_a_turned_film_is_sent_upright(make: Any, rotation: int, size: tuple[int, int]) -> None:
    stream = FileStream(make(times=[0], rotation=rotation), "video")
    frame = stream.read().frame
    assert (frame.width, frame.height, frame.format.name) == (*size, "yuv420p")
    luma = frame.to_ndarray()[: frame.height]
    bright = {90: luma[:, :20], 180: luma[-20:], -90: luma[:, -20:]}[
        rotation
    ]  # the top, turned against the clock
    assert bright.mean() == pytest.approx(20, abs=3)


async def test_a_file_that_is_cut_off_goes_round_as_far_as_it_is_there(player: Player, make: Any) -> None:
    path = make(times=every(30, 4), sound_s=4, name="cut.mkv")
    os.truncate(path, 8_000)
    await player.play(path, loop=True, until_s=6)
    assert len([number for _, _, number in player.pictures if number == 0]) > 2
    assert max(map(abs, player.lateness)) < 0.001


async def test_a_file_that_is_gone_ends_its_tracks(player: Player, make: Any) -> None:
    path = make(times=every(10, 1), sound_s=1)

    async def remove() -> None:
        await player.time.sleep(0.5)
        os.unlink(path)

    await asyncio.gather(player.play(path, loop=True), remove())
    assert player.wall_s < 3.1


async def test_a_file_that_holds_no_picture_any_more_ends_its_track(player: Player, make: Any) -> None:
    path, other = make(times=every(10, 0.5)), make(name="other.mp4", sound_s=0.5)

    async def replace() -> None:
        await player.time.sleep(0.3)
        os.replace(other, path)

    async with asyncio.timeout(LONGEST_S):
        await asyncio.gather(player.play(path, loop=True), replace())
    assert {number for _, _, number in player.pictures} == set(range(5))


@pytest.mark.parametrize("kind", ["mp3", "aac"])
async def test_sound_whose_channels_change_in_its_midst_goes_on(
    player: Player, make: Any, tmp_path: Path, kind: str
) -> None:
    for layout in ("mono", "stereo"):
        make(name=f"{layout}.{kind}", sound_s=1, codecs=("libx264", kind), layout=layout)
    whole = tmp_path / f"whole.{kind}"
    whole.write_bytes(b"".join((tmp_path / f"{layout}.{kind}").read_bytes() for layout in ("mono", "stereo")))
    async with asyncio.timeout(LONGEST_S):
        await player.play(str(whole))
    player.assert_sound_is_whole(2)
    assert beeps([block for _, block in player.blocks]) == pytest.approx([0, 1], abs=0.15)


async def test_the_first_picture_is_sent_however_late_somebody_asks_for_it(player: Player, make: Any) -> None:
    path = make(times=every(10, 3), sound_s=3, name="film.mkv")
    playback = Playback(now=player.time.now, sleep=player.time.sleep)
    video, audio = tracks_of(FileStream(path, "video"), FileStream(path, "audio"), playback)
    assert video is not None
    assert audio is not None
    for _ in range(61):
        await audio.recv()
    pictures = [await video.recv() for _ in range(3)]
    assert [number_of(frame) for frame in pictures] == [0, 12, 13]
    assert [frame.time for frame in pictures] == pytest.approx([0, 1.2, 1.3])
    audio.stop()
    video.stop()


async def test_a_track_that_nobody_plays_does_not_hold_the_other_up(player: Player, make: Any) -> None:
    path = make(times=every(10, 1), sound_s=5)
    playback = Playback(loop=True, now=player.time.now, sleep=player.time.sleep)
    video, audio = tracks_of(FileStream(path, "video"), FileStream(path, "audio"), playback)
    assert video is not None
    assert audio is not None
    times = [(await video.recv()).time for _ in range(25)]
    assert times == pytest.approx([n / 10 for n in range(25)])
    audio.stop()
    video.stop()
    with pytest.raises(MediaStreamError):
        await audio.recv()
