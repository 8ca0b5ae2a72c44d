"""Captures: each done once, told as often as it is asked for; none of a session that is to be forgotten."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from argusd.scheduler.contract.evidence.messages import (
    Capture,
    Captured,
    FromRecorder,
    SnapshotTaken,
)
from argusd.scheduler.contract.evidence.records import evidence_folder
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.policy import EvidencePolicy
from argusd.scheduler.recorder import recorder as recorder_module
from argusd.scheduler.recorder.clock import wall_clock
from argusd.scheduler.recorder.config import RecorderConfig
from argusd.scheduler.recorder.files import UNFINISHED, EvidenceFiles
from argusd.scheduler.recorder.recorder import Recorder

from ...waiting import until
from .rings import Video

S1 = MediaKey("s1")
BOTH = EvidencePolicy(snapshot=True, clip=True)


class Rig:
    """A recorder, and what it told."""

    def __init__(self, state_dir: Path, after_s: float = 0.1) -> None:
        config = RecorderConfig(runtime_dir=state_dir, state_dir=state_dir, after_s=after_s, min_free_mib=0)
        self.told: list[FromRecorder] = []
        self.heard = asyncio.Event()
        self.recorder = Recorder(config, EvidenceFiles(state_dir, 1 << 30, 0), self._tell)
        self.video = Video(64, 48)
        self.recorder.tracks.ring_opened(S1, self.video.ring)

    def _tell(self, message: FromRecorder) -> None:
        self.told.append(message)
        self.heard.set()

    def ask(
        self,
        evidence_id: str = "1",
        wanted: EvidencePolicy = BOTH,
        started_at: float = 0.0,
        seen_at: float | None = None,
    ) -> None:
        self.recorder.capture(Capture(evidence_id, S1, started_at or time.time(), wanted, seen_at))

    async def captured(self, count: int = 1) -> list[Captured]:
        def found() -> list[Captured]:
            return [each for each in self.told if isinstance(each, Captured)]

        await until(lambda: len(found()) == count, self.heard)
        return found()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    looking = asyncio.create_task(rig.recorder.run())
    yield rig
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    await rig.recorder.close()


async def test_a_picture_is_told_before_its_clip(rig: Rig) -> None:
    rig.recorder.watch("s1", BOTH)
    rig.video.show(100)
    preroll = rig.recorder._camera._prerolls
    await until(lambda: bool(preroll and preroll[S1].shots(time.monotonic())))
    rig.ask()
    (captured,) = await rig.captured()
    assert isinstance(rig.told[0], SnapshotTaken)
    assert captured.snapshot == rig.told[0].snapshot
    assert captured.clip
    assert (captured.clip.pictures, captured.clip.has_sound, captured.reason) == (1, False, "")


@pytest.mark.parametrize(("seen_ago_s", "shown_ago_s"), [(0.2, 0.2), (0.12, 0.1), (5.0, 0.2), (None, 0.0)])
async def test_a_picture_is_the_one_that_was_looked_at_or_the_nearest_that_is_left(
    rig: Rig, seen_ago_s: float | None, shown_ago_s: float
) -> None:
    now = time.monotonic_ns()
    for brightness, ago_s in ((50, 0.3), (100, 0.2), (150, 0.1), (200, 0.0)):  # one more than has room
        rig.video.show(brightness, now - round(ago_s * 1e9))
    seen_at = wall_clock(now) - seen_ago_s if seen_ago_s is not None else None
    rig.ask(wanted=EvidencePolicy(snapshot=True), seen_at=seen_at)
    (captured,) = await rig.captured()
    assert captured.snapshot
    assert captured.snapshot.captured_at == pytest.approx(wall_clock(now) - shown_ago_s, abs=0.02)


async def test_who_asks_again_hears_the_same_again(rig: Rig) -> None:
    rig.video.show(100)
    rig.ask(wanted=EvidencePolicy(snapshot=True))
    rig.ask(wanted=EvidencePolicy(snapshot=True))
    await rig.captured()
    rig.video.show(200)
    rig.ask(wanted=EvidencePolicy(snapshot=True))
    first, again = await rig.captured(2)
    assert first == again


async def test_what_another_life_has_begun_is_lost_and_its_file_stays_as_it_is(
    rig: Rig, tmp_path: Path
) -> None:
    rig.video.show(100)
    rig.ask(wanted=EvidencePolicy(snapshot=True))
    await rig.captured()
    (path,) = (evidence_folder(tmp_path) / "s1").iterdir()
    before = path.read_bytes()
    next_life = Rig(tmp_path)
    next_life.video.show(200)
    next_life.ask(wanted=EvidencePolicy(snapshot=True))
    next_life.ask("2", started_at=time.time() - 3600)
    assert [each.reason for each in await next_life.captured(2)] == ["lost", "lost"]
    assert path.read_bytes() == before
    await next_life.recorder.close()


async def test_media_without_anything_say_so(rig: Rig) -> None:
    rig.ask()
    assert [each.reason for each in await rig.captured()] == ["no_media"]


async def test_who_has_just_begun_waits_to_hear_of_the_media(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.recorder.tracks.ring_closed(S1, "video", rig.video.ring.view)
    rig.video.show(100)
    rig.ask(wanted=EvidencePolicy(snapshot=True))
    await asyncio.sleep(0)
    rig.recorder.tracks.ring_opened(S1, rig.video.ring)
    assert [each.reason for each in await rig.captured()] == [""]
    await rig.recorder.close()


async def test_too_many_at_a_time_are_refused(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "MOST_CAPTURES", 1)
    rig.ask("1")
    rig.ask("2")
    captured = {each.evidence_id: each.reason for each in await rig.captured(2)}
    assert captured == {"1": "no_media", "2": "overloaded"}


async def test_a_session_that_is_forgotten_leaves_nothing_of_what_was_being_made(tmp_path: Path) -> None:
    rig = Rig(tmp_path, after_s=30.0)
    rig.video.show(100)
    rig.ask()
    await until(lambda: any(isinstance(each, SnapshotTaken) for each in rig.told), rig.heard)
    await rig.recorder.forget("s1")
    assert [*evidence_folder(tmp_path).rglob("*")] == [evidence_folder(tmp_path) / UNFINISHED]
    await rig.recorder.close()
