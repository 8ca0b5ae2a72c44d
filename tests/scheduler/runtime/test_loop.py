"""The loop over real arenas, with a model and an engine that show what they were given."""

import asyncio

import numpy as np
import pytest

from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.core import Reuse
from argusd.scheduler.errors import EXIT_DEVICE_LOST, DeviceLost, DeviceUnavailable, OutOfMemory

from ...waiting import until
from ..bench import QUICK, Bench, Driven
from ..fakes import ALICE, BOB, WINDOW, write_frame, write_jpeg, write_windows


async def test_a_frame_becomes_a_finding(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 21, arrival=999.98, rtp=90_000, captured_ns=1_700_000_000_500_000_000)
    await bench.settle()
    [(media, stream, outcome, at)] = bench.heard.findings
    assert (media, stream, outcome.data) == (ALICE, "face", {"output": 42.0})
    assert at.captured_at == 1_700_000_000.5
    assert at.frame_age_ms == pytest.approx(20.0)
    assert (at.width, at.height, at.media_s) == (64, 48, 0.0)
    assert bench.heard.newest == [(ALICE, "face")]
    assert bench.scheduler.meters.served == {"face_detector": 1}


async def test_what_was_seen_is_told_again_at_the_new_frames_time_while_the_picture_stays(
    bench: Bench,
) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    bench.face.made[0].reuses = Reuse(longest_s=5.0)
    for number, brightness in enumerate((90, 92, 150)):
        bench.now = 1000.0 + number
        write_frame(ring, brightness, arrival=bench.now, rtp=90_000 * number)
        await bench.settle()
    told = [(at.media_s, outcome.data["output"]) for _, _, outcome, at in bench.heard.findings]
    assert told == [(0.0, 180.0), (1.0, 180.0), (2.0, 300.0)]
    assert bench.vision_engine.batches == [1, 1]
    assert bench.scheduler.meters.served == {"face_detector": 3}
    assert bench.scheduler.meters.reused == {"face_detector": 1}


async def test_a_scheduler_without_any_model_waits_for_its_next_life() -> None:
    driven = Driven([], {})
    assert driven.scheduler.tick() > 0
    driven.executor.close()


async def test_nothing_is_watched_without_both_a_ring_and_a_policy(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.sessions.ring_opened(ALICE, ref)
    bench.watch(BOB, "face")
    write_frame(ring, 1, arrival=bench.now)
    await bench.settle()
    assert bench.face.made == []
    bench.watch(ALICE, "face")
    await bench.settle()
    assert [output for _, output, _ in bench.face.made[0].absorbed] == [2.0]


async def test_frames_of_all_sessions_share_a_batch(bench: Bench) -> None:
    bench.vision_engine.gate.clear()
    for n in range(6):
        ring, ref = bench.tracks.frames()
        bench.watch(MediaKey(f"s{n}"), "face")
        bench.sessions.ring_opened(MediaKey(f"s{n}"), ref)
        write_frame(ring, n, arrival=bench.now)
    bench.vision_model.max_batch = 3
    bench.scheduler.tick()
    bench.vision_engine.gate.set()
    await bench.settle()
    assert bench.vision_engine.batches == [3, 3]
    assert [stream.absorbed[0][1] for stream in bench.face.made] == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]


async def test_pictures_that_cannot_be_decoded_are_as_good_as_none(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=bench.now)
    await bench.settle()
    for _ in range(9):
        bench.now += 0.25
        write_jpeg(ring, b"\xff\xd8 no picture", arrival=bench.now)
        await bench.settle()
    told = [
        (outcome.name, outcome.state, outcome.data.get("reason")) for _, _, outcome, _ in bench.heard.findings
    ]
    assert told[1:] == [("fake", "end", "track_stale"), ("video_lost", "start", "undecodable")]
    [row] = bench.sessions.rows.values()
    assert row.stream.silent == {"video": "undecodable"}
    bench.now += 0.25
    write_frame(ring, 1, arrival=bench.now)
    await bench.settle()
    assert row.stream.silent == {}
    assert [outcome.name for _, _, outcome, _ in bench.heard.findings][3:] == ["video_lost", "face_detector"]


async def test_the_newest_frame_is_looked_at_and_those_before_it_count_as_skipped(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    for n in range(3):
        write_frame(ring, n, arrival=bench.now, rtp=3000 * n)
    await bench.settle()
    bench.now += 0.25
    for n in range(3, 8):
        write_frame(ring, n, arrival=bench.now, rtp=3000 * n)
    await bench.settle()
    assert [(output, at.skipped) for _, output, at in bench.face.made[0].absorbed] == [(4.0, 2), (14.0, 4)]
    assert bench.face.made[0].absorbed[1][2].media_s == pytest.approx(5 / 30)


async def test_a_row_is_not_served_again_before_its_period_is_over(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    for _ in range(10):
        write_frame(ring, 1, arrival=bench.now)
        await bench.settle()
        bench.now += 0.1
    assert len(bench.face.made[0].absorbed) == 4  # 4 Hz, from 0 s to 0.9 s


async def test_a_stale_frame_is_never_looked_at(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=bench.now - 1.5)
    await bench.settle()
    assert bench.vision_engine.batches == []


async def test_a_frame_that_is_overwritten_while_it_is_prepared_is_dropped(bench: Bench) -> None:
    ring, ref = bench.tracks.frames(slots=1)
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=bench.now)
    bench.vision.while_preparing = lambda: write_frame(ring, 99, arrival=bench.now)
    await bench.settle()
    assert bench.face.made[0].absorbed == []
    assert bench.dropped("face") == {"torn": 1}


async def test_a_stream_that_does_not_want_to_look_costs_nothing(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    bench.face.made[0].looks = False
    write_frame(ring, 1, arrival=bench.now)
    await bench.settle()
    assert bench.vision_engine.batches == []
    assert bench.scheduler.demand.shares.tag.max() == 0.0


async def test_every_window_of_samples_is_heard_in_order(bench: Bench) -> None:
    ring, ref = bench.tracks.pcm()
    bench.watch(ALICE, "audio")
    bench.sessions.ring_opened(ALICE, ref)
    write_windows(ring, [5, 6, 7], arrival=bench.now)
    for _ in range(3):  # the next one is due when the one before it is back
        await bench.settle()
    heard = bench.sound.made[0].absorbed
    assert [output for _, output, _ in heard] == [(5, 1), (6, 2), (7, 3)]
    assert [at.media_s for _, _, at in heard] == pytest.approx([0.0, 0.032, 0.064])
    assert [at.frame_age_ms for _, _, at in heard] == pytest.approx([64.0, 32.0, 0.0], abs=0.01)


async def test_quick_sound_is_heard_although_no_thread_is_free(bench: Bench) -> None:
    bench.sound_model.curve = QUICK
    for media in (ALICE, BOB):
        frames, frames_ref = bench.tracks.frames()
        bench.watch(media, "face", "audio")
        bench.sessions.ring_opened(media, frames_ref)
        write_frame(frames, 1, arrival=bench.now)
    ring, ref = bench.tracks.pcm()
    bench.sessions.ring_opened(ALICE, ref)
    bench.vision_engine.gate.clear()
    bench.scheduler.tick()
    assert bench.executor.state.free == 0
    write_windows(ring, [5, 6], arrival=bench.now)
    bench.scheduler.tick()
    bench.scheduler.tick()
    assert [output for _, output, _ in bench.sound.made[0].absorbed] == [(5, 1), (6, 2)]
    bench.vision_engine.gate.set()
    await bench.settle()


async def test_where_rates_are_lowered_quick_sound_waits_for_company(bench: Bench) -> None:
    bench.sound_model.curve = QUICK
    bench.scheduler.tick()
    bench.scheduler.rate.scale = 0.5  # until it is measured anew
    rings = []
    for media in (ALICE, BOB):
        ring, ref = bench.tracks.pcm()
        bench.watch(media, "audio")
        bench.sessions.ring_opened(media, ref)
        rings.append(ring)
    write_windows(rings[0], [5], arrival=bench.now)
    bench.scheduler.tick()
    assert bench.audio_engine.batches == [1]
    bench.now += 0.001
    write_windows(rings[0], [6], arrival=bench.now)
    assert bench.scheduler.tick() == pytest.approx(0.015)
    write_windows(rings[1], [7], arrival=bench.now)
    assert bench.audio_engine.batches == [1]
    bench.now += 0.015
    bench.scheduler.tick()
    assert bench.audio_engine.batches == [1, 2]


async def test_who_has_more_windows_of_quick_sound_is_heard_on_at_once(bench: Bench) -> None:
    bench.sound_model.curve = QUICK
    ring, ref = bench.tracks.pcm()
    bench.watch(ALICE, "audio")
    bench.sessions.ring_opened(ALICE, ref)
    write_windows(ring, [5, 6, 7], arrival=bench.now)
    passes = 0

    def passed() -> None:
        nonlocal passes
        passes += 1

    task = asyncio.create_task(bench.scheduler.run(passed))
    await until(lambda: len(bench.sound.made[0].absorbed) == 3)
    assert passes == 3, "nobody publishes anything that would wake the loop"
    task.cancel()


async def test_samples_of_all_sessions_share_a_batch(bench: Bench) -> None:
    for n in range(3):
        ring, ref = bench.tracks.pcm()
        bench.watch(MediaKey(f"s{n}"), "audio")
        bench.sessions.ring_opened(MediaKey(f"s{n}"), ref)
        write_windows(ring, [n, 10 + n], arrival=bench.now)
    await bench.settle()
    bench.now += 0.032
    await bench.settle()
    assert bench.audio_engine.batches == [3, 3]
    assert [[output for _, output, _ in stream.absorbed] for stream in bench.sound.made] == [
        [(n, 1), (10 + n, 2)] for n in range(3)
    ]


async def test_a_reader_that_fell_behind_by_a_second_jumps_and_counts_the_gap(bench: Bench) -> None:
    ring, ref = bench.tracks.pcm()
    bench.watch(ALICE, "audio")
    bench.sessions.ring_opened(ALICE, ref)
    write_windows(ring, [1], arrival=bench.now)
    await bench.settle()
    write_windows(ring, list(range(100, 140)), arrival=bench.now + 1.28)  # 1.28 s
    bench.now += 1.28
    await bench.settle()
    assert [output for _, output, _ in bench.sound.made[0].absorbed] == [(1, 1), (139, 1)]
    assert bench.dropped("audio") == {"gap": 39}


async def test_a_slot_that_is_used_again_remembers_nothing(bench: Bench) -> None:
    for media in (ALICE, BOB):
        ring, ref = bench.tracks.pcm()
        bench.watch(media, "audio")
        bench.sessions.ring_opened(media, ref)
        write_windows(ring, [1, 2], arrival=bench.now)
        await bench.settle()
        bench.now += 0.064
        await bench.settle()
        bench.sessions.end(media)
        bench.now += 1
    alice, bob = bench.sound.made
    assert [output for _, output, _ in alice.absorbed] == [(1, 1), (2, 2)]
    assert [output for _, output, _ in bob.absorbed] == [(1, 1), (2, 2)]
    assert list(bench.audio.heard) == [0], "both had the same slot"


async def test_a_row_in_a_batch_is_not_handed_on_before_the_batch_is_over(bench: Bench) -> None:
    ring, ref = bench.tracks.pcm()
    bench.watch(ALICE, "audio")
    bench.sessions.ring_opened(ALICE, ref)
    write_windows(ring, [1], arrival=bench.now)
    bench.audio_engine.gate.clear()
    bench.scheduler.tick()
    bench.sessions.end(ALICE)

    other, other_ref = bench.tracks.pcm()
    bench.watch(BOB, "audio")
    bench.sessions.ring_opened(BOB, other_ref)
    write_windows(other, [7], arrival=bench.now)
    bench.audio_engine.gate.set()
    await until(lambda: bench.executor.state.free == 2)
    await bench.settle()
    alice, bob = bench.sound.made
    assert alice.absorbed == []
    assert bench.dropped("audio") == {"superseded": 1}
    assert [output for _, output, _ in bob.absorbed] == [(7, 1)]
    assert len(bench.audio.heard) == 2, "bob got a slot of his own"
    assert len(bench.sessions.rows) == 1


async def test_a_new_geometry_restarts_the_stream_and_drops_what_was_begun_before(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=bench.now)
    bench.vision_engine.gate.clear()
    bench.scheduler.tick()
    other, other_ref = bench.tracks.frames()
    bench.sessions.ring_opened(ALICE, other_ref)
    bench.vision_engine.gate.set()
    await until(lambda: bench.executor.state.free == 2)
    bench.now += 0.25
    write_frame(other, 5, arrival=bench.now)
    await bench.settle()
    [stream] = bench.face.made
    assert stream.restarts == 1
    assert [output for _, output, _ in stream.absorbed] == [10.0]
    assert bench.dropped("face") == {"superseded": 1}


async def test_what_is_open_ends_when_the_track_does(bench: Bench) -> None:
    _, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    bench.sessions.ring_closed(ALICE, "video", ref.view)
    assert [(s, o.state) for s, _, o, _ in bench.heard.findings] == [(ALICE, "end")]
    assert bench.sessions.active == {"face": 0, "audio": 0, "lipsync": 0}
    assert bench.sessions.rows == {}


async def test_another_policy_is_applied_to_the_streams_that_run(bench: Bench) -> None:
    _, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    bench.watch(ALICE, "face", "audio")
    assert [len(stream.policies) for stream in bench.face.made] == [1]


async def test_a_look_under_way_for_a_row_that_ended_is_dropped(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 3, arrival=bench.now)
    bench.vision_engine.gate.clear()
    bench.scheduler.tick()
    bench.face.made[0].rates = {}
    bench.watch(ALICE, "face")
    bench.vision_engine.gate.set()
    await bench.settle()
    assert bench.face.made[0].absorbed == []
    assert bench.dropped("face") == {"superseded": 1}
    assert bench.sessions.rows == {}


async def test_a_failed_batch_costs_its_rows_and_nothing_else(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    for error in (DeviceUnavailable("gone"), ValueError("a bug in a model"), None):
        bench.vision_engine.fail = error
        write_frame(ring, 3, arrival=bench.now)
        await bench.settle()
        bench.now += 0.25
    assert bench.dropped("face") == {"device_unavailable": 1, "inference_failed": 1}
    assert [output for _, output, _ in bench.face.made[0].absorbed] == [6.0]


async def test_out_of_memory_halves_the_batch_that_met_it(bench: Bench) -> None:
    bench.vision_model.max_batch = 4
    bench.vision_engine.fail = OutOfMemory("no room")
    for n in range(4):
        ring, ref = bench.tracks.frames()
        bench.watch(MediaKey(f"s{n}"), "face")
        bench.sessions.ring_opened(MediaKey(f"s{n}"), ref)
        write_frame(ring, n, arrival=bench.now)
    await bench.settle()
    assert bench.vision_model.max_batch == 1, "the two threads had two rows each"


async def test_the_loop_wakes_up_by_itself(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    loop = asyncio.create_task(bench.scheduler.run())
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=bench.now)
    bench.scheduler.awake()
    await until(lambda: bool(bench.heard.findings))
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_windows_may_overlap(bench: Bench) -> None:
    bench.audio.hop = 128
    ring, ref = bench.tracks.pcm()
    bench.watch(ALICE, "audio")
    bench.sessions.ring_opened(ALICE, ref)
    write_windows(ring, [1, 2], arrival=bench.now)
    for _ in range(6):
        await bench.settle()
        bench.now += 0.05
    absorbed = bench.sound.made[0].absorbed
    assert [output[0] for _, output, _ in absorbed] == [1, 1, 1, 1, 2]  # from samples 0, 128, 256, 384, 512
    # A moment is that of the first sample that is new.
    news_s = [(384 + 128 * n) / 16_000 for n in range(5)]
    assert [at.media_s for _, _, at in absorbed] == pytest.approx(news_s)


async def test_what_a_stream_does_not_want_to_hear_costs_no_inference(bench: Bench) -> None:
    ring, ref = bench.tracks.pcm()
    bench.watch(ALICE, "audio")
    bench.sessions.ring_opened(ALICE, ref)
    bench.sound.made[0].looks = False
    write_windows(ring, [1, 2], arrival=bench.now)
    await bench.settle()
    bench.now += 0.05
    await bench.settle()
    assert bench.audio_engine.batches == []
    bench.sound.made[0].looks = True
    bench.now += 0.05
    write_windows(ring, [3], arrival=bench.now)
    await bench.settle()
    assert [output[0] for _, output, _ in bench.sound.made[0].absorbed] == [3]


async def test_a_thread_that_was_given_nothing_to_do_goes_to_who_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argusd.scheduler.runtime.loop.LONGEST_TICK_S", 1000.0)
    bench.vision_engine.gate.clear()
    rings = []
    for n in range(4):
        ring, ref = bench.tracks.frames()
        bench.watch(MediaKey(f"s{n}"), "face")
        bench.sessions.ring_opened(MediaKey(f"s{n}"), ref)
        write_frame(ring, n, arrival=bench.now)
        rings.append(ring)
    bench.vision_model.max_batch = 1
    bench.face.made[0].looks = bench.face.made[1].looks = False
    loop = asyncio.create_task(bench.scheduler.run())
    await until(lambda: bench.executor.state.free == 0)
    bench.vision_engine.gate.set()
    await until(lambda: len(bench.face.made[2].absorbed) == len(bench.face.made[3].absorbed) == 1)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_a_lost_device_ends_the_process(bench: Bench) -> None:
    codes: list[int] = []
    bench.scheduler.abort = codes.append
    bench.vision_engine.fail = DeviceLost("gone for good")
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    write_frame(ring, 1, arrival=bench.now)
    await bench.settle()
    assert codes == [EXIT_DEVICE_LOST]


async def test_one_look_is_absorbed_by_all_that_joined_it(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    sound, heard = bench.tracks.pcm()
    bench.watch(ALICE, "face", "audio", "lipsync")
    bench.sessions.ring_opened(ALICE, ref)
    bench.sessions.ring_opened(ALICE, heard)
    write_frame(ring, 4, arrival=bench.now)
    write_windows(sound, [7], arrival=bench.now)
    await bench.settle()
    [both] = bench.both.made
    assert {(role, output) for role, output, _ in both.absorbed} == {("face_detector", 8.0), ("vad", (7, 1))}
    assert [output for _, output, _ in bench.face.made[0].absorbed] == [8.0]
    assert bench.vision_engine.batches == bench.audio_engine.batches == [1]
    assert sorted(name for _, name in bench.heard.newest) == ["audio", "face", "lipsync", "lipsync"]


async def test_a_stream_without_news_is_not_sent_on(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    bench.face.made[0].news = False
    write_frame(ring, 4, arrival=bench.now)
    await bench.settle()
    assert bench.face.made[0].absorbed
    assert bench.heard.newest == []


async def test_a_result_is_told_before_what_was_found_in_it(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    bench.face.made[0].state = "start"
    write_frame(ring, 4, arrival=bench.now)
    await bench.settle()
    assert bench.heard.said == ["result", "start"]


async def test_a_look_becomes_rarer_when_its_stream_wants_it_so(bench: Bench) -> None:
    ring, ref = bench.tracks.frames()
    bench.watch(ALICE, "face")
    bench.sessions.ring_opened(ALICE, ref)
    bench.face.made[0].rates = {"face_detector": 1.0}
    for _ in range(10):
        write_frame(ring, 1, arrival=bench.now)
        await bench.settle()
        bench.now += 0.25
    assert len(bench.face.made[0].absorbed) == 4, "a quarter of a second after the first, then a second each"


async def test_sound_is_compared_with_what_was_seen_since_its_first_sample_was_captured(
    bench: Bench,
) -> None:
    _, ref = bench.tracks.frames()
    sound, heard = bench.tracks.pcm()
    bench.watch(ALICE, "lipsync")
    bench.sessions.ring_opened(ALICE, ref)
    bench.sessions.ring_opened(ALICE, heard)
    samples = np.repeat(np.array([7, 9], np.int16), WINDOW)
    sound.write(samples, 50_000_000_000, int((bench.now - 0.064) * 1e9), 0)
    for _ in range(2):
        await bench.settle()
        bench.now += 1
    compared = [(output, at) for role, output, at in bench.both.made[0].absorbed if role == "lip_sync"]
    assert [output for output, _ in compared] == [(7, 50.0), (9, 50.032)]
    assert [round(at.captured_at, 3) for _, at in compared] == [50.0, 50.032]
    assert all(at.on_sender_clock for _, at in compared)


async def test_without_the_senders_clock_nothing_is_compared(bench: Bench) -> None:
    _, ref = bench.tracks.frames()
    sound, heard = bench.tracks.pcm()
    bench.watch(ALICE, "lipsync")
    bench.sessions.ring_opened(ALICE, ref)
    bench.sessions.ring_opened(ALICE, heard)
    write_windows(sound, [7, 9], arrival=bench.now)
    await bench.settle()
    assert {role for role, _, _ in bench.both.made[0].absorbed} == {"vad"}
