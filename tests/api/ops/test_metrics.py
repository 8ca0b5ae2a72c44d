from argusd.api.ops.track_figures import usual_height
from argusd.api.workers.ingest_counters import IngestCounters
from argusd.ingest.ipc.messages import IngestStats, Reception, TrackCounters, TrackState
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Histogram

from ..fixtures import Rig


async def test_the_figures_of_all_processes_are_shown(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.scheduler.tell_stats(
        active_sessions={"face": 2, "audio": 1, "video": 1},
        reused={"face_detector": 60},
        dropped={"face": {"stale": 3, "torn": 2}, "audio": {"gap": 5}},
        stream_failures={"face": {"analyzer_failed": 1}},
        batch_size={"blazeface": Histogram([1.0, 2.0], [3, 5], 12.0, 6)},
        infer_seconds={"blazeface": Histogram([0.01, 0.1], [4, 6], 0.25, 6)},
        frame_age_seconds={"face": Histogram([0.1], [90], 7.5, 100)},
    )
    rig.worker.say(
        IngestStats(1, 8, 1000, 600, 4, 0, 1.5, [TrackCounters("s1", "video", 30, {"damaged_frame": 2})])
    )
    await rig.api.until_metric("ml_arena_free_bytes{worker_id=ingest-0}", 600)
    await rig.api.until_metric("ml_active_sessions{stream_type=audio}", 1)
    found = await rig.api.metrics()
    expected = {
        "ml_sessions": 1,
        "ml_active_sessions{stream_type=face}": 2,
        "ml_worker_health{worker_id=ingest-0}": 1,
        "ml_worker_health{worker_id=scheduler-0}": 1,
        "ml_sessions_fit_more": 4,
        "ml_model_load_seconds{model=blazeface}": 0.25,
        "ml_served_total{role=face_detector}": 100,
        "ml_reused_total{role=face_detector}": 60,
        "ml_dropped_total{reason=stale,stream=face}": 3,
        "ml_stream_failures_total{code=analyzer_failed,stream=face}": 1,
        "ml_ring_overruns_total{stream=face}": 2,
        "ml_ring_overruns_total{stream=audio}": 5,
        "ml_ring_overruns_total{stream=video}": 0,
        "ml_batch_size_bucket{le=2.0,model=blazeface}": 5,
        "ml_batch_size_bucket{le=+Inf,model=blazeface}": 6,
        "ml_model_batch_seconds_sum{model=blazeface}": 0.25,
        "ml_frame_age_seconds_count{stream=face}": 100,
        "ml_ingest_frames_total{kind=video,worker_id=ingest-0}": 30,
        "ml_ingest_dropped_total{kind=video,reason=damaged_frame,worker_id=ingest-0}": 2,
        "ml_ingest_loop_lag_ms{worker_id=ingest-0}": 1.5,
    }
    assert {name: found.get(name) for name in expected} == expected


async def test_an_absent_process_is_shown_as_such(rig: Rig) -> None:
    rig.scheduler.die()
    rig.worker.die()
    await rig.api.until_metric("ml_worker_health{worker_id=scheduler-0}", 0)
    await rig.api.until_metric("ml_worker_health{worker_id=ingest-0}", 0)


VIDEO = Reception("vp8", 720, 1280, 30.0, 1_000_000, 0.02, 4.0, has_clock=True, round_trip_ms=20.0)
SLOWER = Reception("vp8", 320, 180, 10.0, 500_000, 0.0, 2.0, has_clock=False, round_trip_ms=None)


async def test_the_tracks_of_all_sessions_are_summed_up(rig: Rig) -> None:
    for session_id in ("s1", "s2"):
        await rig.api.publish(session_id)
        rig.worker.say(TrackState(MediaKey(session_id), "video", "live"))
    rig.worker.hung = True  # nothing but what it is told to say
    rig.worker.say(
        stats(
            TrackCounters("s1", "video", 30, {}, VIDEO),
            TrackCounters("s2", "video", 10, {}, SLOWER),
            TrackCounters("gone", "video", 10, {}, VIDEO),
        )
    )
    await rig.api.until_metric("ml_tracks{codec=vp8,kind=video,state=live}", 2)
    found = await rig.api.metrics()
    expected = {
        "ml_tracks_with_clock{kind=video}": 1,
        "ml_video_tracks{height=720}": 1,
        "ml_video_tracks{height=180}": 1,
        "ml_track_bits_per_second{codec=vp8,kind=video}": 1_500_000,
        "ml_track_frames_per_second{kind=video,of=mean}": 20,
        "ml_track_frames_per_second{kind=video,of=worst}": 10,
        "ml_track_loss_ratio{kind=video,of=worst}": 0.02,
        "ml_track_jitter_ms{kind=video,of=mean}": 3,
        "ml_track_round_trip_ms{kind=video,of=mean}": 20,
    }
    assert {name: found.get(name) for name in expected} == expected


def test_sizes_are_told_by_the_next_larger_usual_height() -> None:
    sizes = [(320, 180), (640, 360), (540, 960), (1280, 720), (1920, 1080), (7680, 4320)]
    assert [usual_height(*size) for size in sizes] == ["180", "360", "720", "720", "1080", "larger"]


def stats(*streams: TrackCounters) -> IngestStats:
    return IngestStats(len(streams), 8, 0, 0, 4, 0, 0.0, list(streams))


def test_counters_only_rise_while_streams_come_and_go() -> None:
    counters = IngestCounters()
    counters.absorb(stats(TrackCounters("a", "video", 10, {"overload": 1})))
    counters.absorb(stats(TrackCounters("a", "video", 15, {"overload": 4})))
    counters.absorb(stats(TrackCounters("b", "video", 7, {})))
    counters.absorb(stats(TrackCounters("b", "video", 3, {})))  # the same session, opened again
    assert counters.frames == {"video": 15 + 7 + 3}
    assert counters.dropped == {("video", "overload"): 4}
