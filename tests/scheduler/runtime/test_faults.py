"""One stream's fault among eight sessions in one batch: it ends, and nobody else notices."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.ingest.ipc.messages import TrackState
from argusd.ingest.shm.frame import i420_info
from argusd.ingest.shm.ring import FrameRing, PcmRing
from argusd.scheduler.contract.errors import InferenceRefused
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.core import Moment, Outcome, whole_frame
from argusd.scheduler.errors import InferenceFailed
from argusd.scheduler.loaded import isolation
from argusd.scheduler.loaded.loaded_sound import ClipItem
from argusd.scheduler.loaded.loaded_vision import FrameItem
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.media.pictures import StillFrame
from argusd.scheduler.runtime.executor import Executor

from ..bench import Bench
from ..fakes import (
    ALICE,
    HEIGHT,
    WHAT_IT_SAW,
    WIDTH,
    WINDOW,
    FakeEngine,
    FakeStream,
    break_analyzer,
    write_frame,
    write_windows,
)

SESSIONS, BROKEN = 8, 3
BROKEN_ONE = MediaKey("s3")
FACE_FAILED = (BROKEN_ONE, {"code": "analyzer_failed", "stream": "face"})


@pytest.fixture
async def bench(bench: Bench) -> Bench:
    """With one thread, so that all rows are in one batch."""
    bench.executor.close()
    bench.scheduler.executor = bench.executor = Executor(1, shared=False, clock=lambda: bench.now)
    bench.vision_model.max_batch = SESSIONS
    return bench


async def cameras(bench: Bench) -> list[tuple[FrameRing, RingRef]]:
    """Eight sessions whose faces have been looked at once."""
    opened = [bench.tracks.frames() for _ in range(SESSIONS)]
    for n, (_, ref) in enumerate(opened):
        bench.watch(MediaKey(f"s{n}"), "face")
        bench.sessions.ring_opened(MediaKey(f"s{n}"), ref)
    await show(bench, opened)
    assert bench.vision_engine.batches == [SESSIONS]
    return opened


async def show(bench: Bench, opened: list[tuple[FrameRing, RingRef]]) -> None:
    bench.now += 0.3
    for n, (ring, _) in enumerate(opened):
        write_frame(ring, n, arrival=bench.now)
    await bench.settle()


def looks(bench: Bench) -> list[int]:
    return [len(made.absorbed) for made in bench.face.made]


@pytest.mark.parametrize("what", ["roi", "absorb", "news", "latest", "rates"])
async def test_an_analyzer_that_raises_while_it_looks_ends_its_stream_alone(bench: Bench, what: str) -> None:
    opened = await cameras(bench)
    break_analyzer(bench.face.made[BROKEN], what)
    for _ in range(2):
        await show(bench, opened)
    others = looks(bench)
    del others[BROKEN]
    assert others == [3] * (SESSIONS - 1)
    assert bench.heard.failed == [FACE_FAILED]
    assert bench.sessions.failures == {"face": {"analyzer_failed": 1}}
    assert bench.sessions.active["face"] == len(bench.sessions.rows) == SESSIONS - 1
    assert bench.vision_engine.batches[-1] == SESSIONS - 1


@pytest.mark.parametrize("what", ["restart", "forget", "finish", "apply"])
async def test_an_analyzer_that_raises_when_its_track_or_policy_changes_ends_its_stream_alone(
    bench: Bench,
    what: str,
) -> None:
    opened = await cameras(bench)
    break_analyzer(bench.face.made[BROKEN], what)
    for n, (_, ref) in enumerate(opened):
        if what == "restart":
            opened[n] = bench.tracks.frames()
            bench.sessions.ring_opened(MediaKey(f"s{n}"), opened[n][1])
        elif what == "apply":
            bench.sessions.set_policy(SessionPolicy(MediaKey(f"s{n}"), ["face"], Policy(weight=2.0)))
        else:
            stale = TrackState(MediaKey(f"s{n}"), "video", "stale", "no_media", int(bench.now * 1e9))
            bench.sessions.track_changed(stale, ref.view)
    await show(bench, opened)
    others = looks(bench)
    del others[BROKEN]
    assert others == [2] * (SESSIONS - 1)
    assert bench.heard.failed == [FACE_FAILED]
    assert len(bench.sessions.rows) == SESSIONS - 1


async def test_an_analyzer_that_cannot_be_made_keeps_no_other_from_being_made(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(policy: Policy) -> FakeStream:
        raise ValueError(WHAT_IT_SAW)

    monkeypatch.setitem(bench.factories, "face", broken)
    bench.watch(BROKEN_ONE, "face", "audio")
    sound, heard = bench.tracks.pcm()
    _, ref = bench.tracks.frames()
    bench.sessions.ring_opened(BROKEN_ONE, ref)
    bench.sessions.ring_opened(BROKEN_ONE, heard)
    write_windows(sound, [7], arrival=bench.now)
    await bench.settle()
    assert bench.heard.failed == [FACE_FAILED]
    assert [output for _, output, _ in bench.sound.made[0].absorbed] == [(7, 1)]


@pytest.mark.parametrize("what", ["wants", "absorb"])
async def test_an_analyzer_that_raises_while_it_listens_ends_its_stream_alone(
    bench: Bench,
    what: str,
) -> None:
    rings: list[PcmRing] = []
    for n in range(SESSIONS):
        ring, ref = bench.tracks.pcm(1.0)
        bench.watch(MediaKey(f"s{n}"), "audio")
        bench.sessions.ring_opened(MediaKey(f"s{n}"), ref)
        rings.append(ring)
    break_analyzer(bench.sound.made[BROKEN], what)
    for _ in range(2):
        bench.now += 0.064
        for n, ring in enumerate(rings):
            write_windows(ring, [n], arrival=bench.now)
        await bench.settle()
    heard = [[output for _, output, _ in made.absorbed] for made in bench.sound.made]
    del heard[BROKEN]
    assert heard == [[(n, 1), (n, 2)] for n in range(SESSIONS) if n != BROKEN]
    assert bench.heard.failed == [(BROKEN_ONE, {"code": "analyzer_failed", "stream": "audio"})]
    assert len(bench.sessions.rows) == SESSIONS - 1


async def test_an_analyzer_that_raises_when_asked_what_it_saw_ends_its_stream_alone(bench: Bench) -> None:
    for media in (BROKEN_ONE, MediaKey("s4")):
        _, ref = bench.tracks.frames()
        sound, heard = bench.tracks.pcm()
        bench.watch(media, "lipsync")
        bench.sessions.ring_opened(media, ref)
        bench.sessions.ring_opened(media, heard)
        write_windows(sound, [7], arrival=bench.now)
        sound.write(sound_of(9), 50_000_000_000, int((bench.now - 0.032) * 1e9), 0)
    break_analyzer(bench.both.made[0], "seen_since")
    for _ in range(3):
        await bench.settle()
        bench.now += 0.1
    assert bench.heard.failed == [(BROKEN_ONE, {"code": "analyzer_failed", "stream": "lipsync"})]
    assert [role for role, _, _ in bench.both.made[1].absorbed].count("lip_sync") == 2


def sound_of(value: int) -> NDArray[np.int16]:
    return np.full(WINDOW, value, np.int16)


async def test_nothing_of_what_an_error_quotes_is_logged(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened = await cameras(bench)
    break_analyzer(bench.face.made[BROKEN], "absorb")
    with caplog.at_level(logging.DEBUG):
        await show(bench, opened)
    assert "fakes.py" in caplog.text
    assert "ValueError" in caplog.text
    assert WHAT_IT_SAW not in caplog.text


@pytest.mark.parametrize("told", [{"likeness": np.float32(0.5)}, {"boxes": {1: "left"}, 2: "right"}])
async def test_what_cannot_be_sent_is_a_fault_of_who_tells_it(
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
    told: dict[str, object],
) -> None:
    opened = await cameras(bench)
    outcomes = [Outcome("observation", "face", "update", 1.0, data=told)]
    monkeypatch.setattr(bench.face.made[BROKEN], "absorb", lambda *_: outcomes)
    await show(bench, opened)
    assert bench.heard.failed == [FACE_FAILED]
    assert all(outcome.data is not told for _, _, outcome, _ in bench.heard.findings)


class Opens(FakeStream):
    """Starts a violation at its first look; its ``finish`` may be broken."""

    def absorb(self, role: str, output: object, at: Moment) -> list[Outcome]:
        super().absorb(role, output, at)
        return [Outcome("violation", "phone_detected", "start", 0.7, "critical", {"start_s": 0.0})]

    def finish(self, at: Moment) -> list[Outcome]:
        return [Outcome("violation", "phone_detected", "end", 0.7, "critical", {"start_s": 0.0})]


@pytest.mark.parametrize("broken", [("absorb",), ("absorb", "finish")])
async def test_what_a_failed_stream_had_open_ends(
    bench: Bench,
    broken: tuple[str, ...],
) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(BROKEN_ONE, "face")
    bench.sessions.ring_opened(BROKEN_ONE, ref)
    bench.face.made[0].__class__ = Opens
    await show(bench, [(ring, ref)])
    break_analyzer(bench.face.made[0], *broken)
    await show(bench, [(ring, ref)])
    told = [(outcome.name, outcome.state) for _, _, outcome, _ in bench.heard.findings]
    assert told == [("phone_detected", "start"), ("phone_detected", "end"), ("stream_failed", "update")]
    assert bench.heard.findings[1][2].severity == "critical"


async def test_a_failed_streams_result_says_so_and_nothing_more(bench: Bench) -> None:
    opened = await cameras(bench)
    break_analyzer(bench.face.made[BROKEN], "absorb")
    await show(bench, opened)
    [result] = [each for each in bench.heard.results if each.state == "unknown"]
    assert (result.media, result.stream, result.reason) == (BROKEN_ONE, "face", "stream_failed")
    assert result.data == {"absorbed": None}
    bench.watch(BROKEN_ONE, "face")  # an api that is back sends its policies again
    assert bench.heard.results[-1] == msgspec.structs.replace(result, captured_at=result.captured_at)


async def test_a_failed_stream_begins_again_under_another_policy_or_with_another_track(
    bench: Bench,
) -> None:
    opened = await cameras(bench)
    break_analyzer(bench.face.made[BROKEN], "absorb")
    await show(bench, opened)
    bench.watch(BROKEN_ONE, "face")
    opened[BROKEN] = bench.tracks.frames()
    bench.sessions.ring_opened(BROKEN_ONE, opened[BROKEN][1])  # another size of picture, not another track
    await show(bench, opened)
    assert len(bench.face.made) == SESSIONS
    bench.sessions.set_policy(SessionPolicy(BROKEN_ONE, ["face"], Policy(weight=2.0)))
    assert len(bench.face.made) == SESSIONS + 1
    await show(bench, opened)
    assert len(bench.face.made[-1].absorbed) == 1

    break_analyzer(bench.face.made[-1], "absorb")
    await show(bench, opened)
    bench.sessions.ring_closed(BROKEN_ONE, "video", opened[BROKEN][1].view)
    opened[BROKEN] = bench.tracks.frames()
    bench.sessions.ring_opened(BROKEN_ONE, opened[BROKEN][1])
    await show(bench, opened)
    assert len(bench.face.made[-1].absorbed) == 1
    assert bench.heard.failed == [FACE_FAILED] * 2


async def test_another_policy_revives_a_stream_that_has_just_failed(bench: Bench) -> None:
    opened = await cameras(bench)
    break_analyzer(bench.face.made[BROKEN], "roi")
    bench.sessions.rows[BROKEN].stream.analyzer.roi("face_detector", i420_info(WIDTH, HEIGHT))
    bench.sessions.set_policy(SessionPolicy(BROKEN_ONE, ["face"], Policy(weight=2.0)))
    assert bench.heard.failed == [FACE_FAILED]
    await show(bench, opened)
    assert len(bench.face.made[-1].absorbed) == 1


async def test_lip_sync_goes_on_with_the_rows_of_a_stream_that_failed(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    sound, heard = bench.tracks.pcm()
    bench.watch(BROKEN_ONE, "face", "audio", "lipsync")
    bench.sessions.ring_opened(BROKEN_ONE, ref)
    bench.sessions.ring_opened(BROKEN_ONE, heard)
    for made in (bench.face.made[0], bench.sound.made[0]):
        break_analyzer(made, "absorb")
    for n in range(3):
        write_windows(sound, [n], arrival=bench.now)
        await show(bench, [(ring, ref)])
        await bench.settle()
    roles = [role for role, _, _ in bench.both.made[0].absorbed]
    assert (roles.count("face_detector"), roles.count("vad")) == (3, 3)
    assert {row.stream.analyzer.name for row in bench.sessions.rows.values()} == {"lipsync"}
    assert bench.sessions.active == {"face": 0, "audio": 0, "lipsync": 1}
    bench.sessions.end(BROKEN_ONE)
    assert bench.sessions.rows == {}
    assert not bench.scheduler.demand.active.any()


def fail_for(bad: float, method: Callable[..., Any]) -> Callable[..., Any]:
    """The model's method, which raises where a batch holds this value."""

    def picky(first: Any, *rest: Any) -> Any:
        values = [frame.planes[0][0, 0] for frame in first] if isinstance(first, list) else first[:, 0]
        if bad in np.asarray(values):
            raise ValueError(WHAT_IT_SAW)
        return method(first, *rest)

    return picky


def fail_in_decode(bad: float, method: Callable[..., Any]) -> Callable[..., Any]:
    def picky(tensors: Any, *rest: Any) -> Any:
        if 2 * bad in tensors[0]:
            raise ValueError(WHAT_IT_SAW)
        return method(tensors, *rest)

    return picky


@pytest.mark.parametrize(("method", "broken"), [("prepare", fail_for), ("decode", fail_in_decode)])
async def test_a_picture_that_its_model_fails_for_costs_no_other_session_a_look(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, method: str, broken: Callable[..., Any]
) -> None:
    opened = await cameras(bench)
    whole = getattr(bench.vision, method)
    monkeypatch.setattr(bench.vision, method, broken(BROKEN, whole))
    await show(bench, opened)
    assert looks(bench) == [1 if n == BROKEN else 2 for n in range(SESSIONS)]
    assert bench.dropped("face") == {"inference_failed": 1}
    assert bench.heard.failed == []

    monkeypatch.setattr(bench.vision, method, whole)
    await show(bench, opened)
    monkeypatch.setattr(bench.vision, method, broken(BROKEN, whole))
    for _ in range(2):
        await show(bench, opened)
    assert bench.heard.failed == [], "one that succeeds in between is forgiven"
    await show(bench, opened)
    assert bench.heard.failed == [(BROKEN_ONE, {"code": "inference_failed", "stream": "face"})]
    await show(bench, opened)
    assert bench.vision_engine.batches[-1] == SESSIONS - 1, "nothing is run twice any more"
    assert looks(bench) == [2 if n == BROKEN else 7 for n in range(SESSIONS)]


@pytest.mark.parametrize(("method", "broken"), [("prepare", fail_for), ("decode", fail_in_decode)])
async def test_sound_that_its_model_fails_for_costs_no_other_session_a_window(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, method: str, broken: Callable[..., Any]
) -> None:
    rings: list[PcmRing] = []
    for n in range(SESSIONS):
        ring, ref = bench.tracks.pcm(1.0)
        bench.watch(MediaKey(f"s{n}"), "audio")
        bench.sessions.ring_opened(MediaKey(f"s{n}"), ref)
        rings.append(ring)
    monkeypatch.setattr(bench.audio, method, broken(100 + BROKEN, getattr(bench.audio, method)))

    async def say(offset: int) -> None:
        bench.now += 0.064
        for n, ring in enumerate(rings):
            write_windows(ring, [offset + n], arrival=bench.now)
        await bench.settle()

    for offset in (0, 100, 200):
        await say(offset)
    heard = [[output for _, output, _ in made.absorbed] for made in bench.sound.made]
    assert heard[BROKEN] == [(BROKEN, 1), (200 + BROKEN, 1)], "what it remembered is void"
    del heard[BROKEN]
    assert heard == [[(n, 1), (100 + n, 2), (200 + n, 3)] for n in range(SESSIONS) if n != BROKEN]
    for _ in range(3):
        await say(100)
    assert bench.heard.failed == [(BROKEN_ONE, {"code": "inference_failed", "stream": "audio"})]


async def test_a_model_that_does_not_run_at_all_ends_no_stream(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await cameras(bench)
    break_engine(bench.vision_engine, monkeypatch)
    for _ in range(5):
        await show(bench, opened)
    assert bench.heard.failed == []
    monkeypatch.undo()
    await show(bench, opened)
    assert looks(bench) == [2] * SESSIONS


def break_engine(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise InferenceFailed("nothing runs")

    monkeypatch.setattr(engine, "run", fail)


async def test_a_tasks_picture_that_its_model_fails_for_fails_the_task_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await cameras(bench)
    monkeypatch.setattr(bench.vision, "prepare", fail_for(200, bench.vision.prepare))
    pending, share = bench.scheduler.pending, bench.scheduler.pending.begin()
    bad, good = (pending.add(share, "face_detector", item_of(value), bench.now + 10.0) for value in (200, 50))
    await show(bench, opened)
    assert looks(bench) == [2] * SESSIONS
    assert await good.output == 100.0
    with pytest.raises(InferenceRefused):
        await bad.output


async def test_a_tasks_sound_that_its_model_fails_for_fails_the_task_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.audio, "decode", fail_in_decode(200, bench.audio.decode))
    ring, ref = bench.tracks.pcm()
    bench.watch(ALICE, "audio")
    bench.sessions.ring_opened(ALICE, ref)
    write_windows(ring, [7], arrival=bench.now)
    pending, share = bench.scheduler.pending, bench.scheduler.pending.begin()
    bad, good = (
        pending.add(share, "vad", ClipItem(sound_of(value)), bench.now + 10.0) for value in (200, 50)
    )
    await bench.settle()
    assert await good.output == (50, 1)
    assert [output for _, output, _ in bench.sound.made[0].absorbed] == [(7, 1)]
    with pytest.raises(InferenceRefused):
        await bad.output


async def test_a_tasks_picture_that_was_not_run_among_many_bad_ones_is_run_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolation, "MOST_RUNS", 6)
    monkeypatch.setattr(bench.vision, "prepare", fail_for(200, bench.vision.prepare))
    pending, share = bench.scheduler.pending, bench.scheduler.pending.begin()
    values = [200, 50, 200, 60, 200, 70, 200, 80]
    asked = [pending.add(share, "face_detector", item_of(value), bench.now + 10.0) for value in values]
    for _ in values:
        await bench.settle()
    outputs = await asyncio.gather(*(each.output for each in asked), return_exceptions=True)
    assert [output for output in outputs if isinstance(output, float)] == [100.0, 120.0, 140.0, 160.0]
    assert sum(isinstance(output, InferenceRefused) for output in outputs) == 4


def item_of(brightness: int) -> FrameItem:
    frame = StillFrame(np.full((4, 4, 3), brightness, np.uint8))
    return FrameItem(frame, whole_frame(frame.info))
