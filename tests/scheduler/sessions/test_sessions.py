"""Which streams there are, from policies and rings that come and go in any order."""

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.ingest.ipc.messages import TrackState
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel, WindowFeed
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.media.arena_sources import RingRef
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.sessions.session_stream import START, unknown

from ..bench import Driven
from ..fakes import (
    ALICE,
    BOB,
    ArenaWithTracks,
    FakeAudio,
    FakeEngine,
    FakeStreams,
    FakeVision,
    break_analyzer,
)

CURVE = BatchCurve(sizes=[1], seconds=[0.001])


class Host(Driven):
    """The sessions of a scheduler that is not ticked."""

    def __init__(self) -> None:
        self.audio = LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)
        self.factories = {
            "face": FakeStreams("face", {"face_detector": 4.0, "face_mesh": 8.0}),
            "video": FakeStreams("video", {"face_detector": 1.0}),
            "audio": FakeStreams("audio", {"vad": 31.25}),
            "lipsync": FakeStreams("lipsync", {"face_detector": 15.0, "vad": 31.25}),
        }
        vision = LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)
        super().__init__([("face_detector", vision), ("vad", self.audio)], self.factories)
        self.now, self.demand = 50.0, self.scheduler.demand

    def open(self, media: MediaKey, kind: Literal["video", "audio"]) -> RingRef:
        _, ref = self.tracks.frames() if kind == "video" else self.tracks.pcm(0.1)
        self.sessions.ring_opened(media, ref)
        return ref

    def rows(self) -> list[tuple[MediaKey, str, str, float]]:
        return [
            (row.stream.media, row.stream.analyzer.name, row.role, float(self.demand.period[index]))
            for index, row in self.sessions.rows.items()
        ]


@pytest.fixture
def bench() -> Iterator[Host]:
    bench = Host()
    yield bench
    bench.executor.close()


def test_video_feeds_face_and_video_audio_feeds_audio(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face", "video", "audio"]))
    bench.open(ALICE, "video")
    assert bench.rows() == [
        (ALICE, "face", "face_detector", 0.25),  # face_mesh has no model here
        (ALICE, "video", "face_detector", 1.0),
    ]
    bench.open(ALICE, "audio")
    assert bench.rows()[2:] == [(ALICE, "audio", "vad", 1 / 31.25)]
    assert bench.sessions.active == {"face": 1, "video": 1, "audio": 1, "lipsync": 0}


def test_lip_sync_begins_with_the_second_track_and_ends_with_the_first_that_goes(
    bench: Host,
) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["lipsync"]))
    pictures = bench.open(ALICE, "video")
    assert bench.rows() == []
    bench.open(ALICE, "audio")
    assert bench.rows() == [
        (ALICE, "lipsync", "face_detector", 1 / 15),
        (ALICE, "lipsync", "vad", 1 / 31.25),
    ]
    kinds = {row.role: row.feed.track.ring.kind for row in bench.sessions.rows.values()}
    assert kinds == {"face_detector": "video", "vad": "audio"}
    bench.sessions.ring_closed(ALICE, "video", pictures.view)
    assert bench.rows() == []
    assert [outcome.state for _, _, outcome, _ in bench.heard.findings] == ["end"]


@pytest.mark.parametrize("streams", [["face", "audio", "lipsync"], ["lipsync", "audio", "face"]])
def test_lip_sync_joins_the_looks_of_its_sessions_other_streams(bench: Host, streams: list[str]) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, streams))
    bench.sessions.set_policy(SessionPolicy(BOB, ["face"]))
    bench.open(BOB, "video")
    bench.open(ALICE, "video")
    assert bench.rows()[1:] == [(ALICE, "face", "face_detector", 0.25)]
    bench.open(ALICE, "audio")
    assert bench.rows() == [
        (BOB, "face", "face_detector", 0.25),
        (ALICE, "face", "face_detector", 1 / 15),  # as often as the one of the two that wants more
        (ALICE, "audio", "vad", 1 / 31.25),
    ]
    [face, sound] = [row for row in bench.sessions.rows.values() if row.stream.media == ALICE]
    assert [stream.analyzer.name for stream in face.streams] == ["face", "lipsync"]
    assert [stream.analyzer.name for stream in sound.streams] == ["audio", "lipsync"]
    assert face.streams[1].models == {"face_detector": "fake_vision", "vad": "fake_audio"}


def test_what_lip_sync_joined_goes_on_without_it(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face", "audio", "lipsync"]))
    bench.open(ALICE, "video")
    sound = bench.open(ALICE, "audio")
    bench.sessions.ring_closed(ALICE, "audio", sound.view)
    assert bench.rows() == [(ALICE, "face", "face_detector", 0.25)]
    [row] = bench.sessions.rows.values()
    assert [stream.analyzer.name for stream in row.streams] == ["face"]
    assert [stream for _, stream, _, _ in bench.heard.findings] == ["lipsync", "audio"]


def test_streams_that_do_not_exist_are_ignored(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face", "smell"]))
    bench.open(ALICE, "video")
    assert bench.sessions.active == {"face": 1, "video": 0, "audio": 0, "lipsync": 0}


def test_a_stream_names_the_models_that_look(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face"]))
    bench.open(ALICE, "video")
    assert bench.sessions.rows[0].stream.models == {"face_detector": "fake_vision"}


def test_streams_of_a_session_have_one_share_of_its_weight(bench: Host) -> None:
    policy = Policy(weight=3.0)
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face", "video"], policy))
    bench.open(ALICE, "video")
    shares = {int(bench.demand.share[index]) for index in bench.sessions.rows}
    assert len(shares) == 1
    assert bench.demand.shares.weight[shares.pop()] == 3.0


def test_a_ring_of_a_writer_that_is_gone_does_not_end_the_one_that_replaced_it(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face"]))
    before = bench.open(ALICE, "video")
    elsewhere = ArenaWithTracks()
    _, after = elsewhere.frames()
    bench.sessions.ring_opened(ALICE, after)
    bench.sessions.ring_closed(ALICE, "video", before.view)
    assert bench.sessions.active["face"] == 1
    bench.sessions.ring_closed(ALICE, "video", after.view)
    assert bench.sessions.active["face"] == 0


def test_all_streams_of_a_track_have_one_clock_which_outlives_its_ring(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face", "video"]))
    bench.open(ALICE, "video")
    clocks = {row.feed.track.clock for row in bench.sessions.rows.values()}
    bench.open(ALICE, "video")
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face"]))
    assert {row.feed.track.clock for row in bench.sessions.rows.values()} == clocks
    assert len(clocks) == 1


def test_another_policy_changes_the_weight_of_a_session_at_work(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face"], Policy(weight=1.0)))
    bench.open(ALICE, "video")
    bench.demand.busy[0] = True
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face"], Policy(weight=5.0)))
    assert bench.demand.shares.weight[bench.demand.share[1]] == 5.0


def test_an_old_ring_of_sound_is_read_from_its_newest_second(bench: Host) -> None:
    ring, ref = bench.tracks.pcm(4.0)
    for _ in range(3):
        ring.write(np.zeros(16_000, np.int16), 0, 0, 0)
    bench.sessions.set_policy(SessionPolicy(ALICE, ["audio"]))
    bench.sessions.ring_opened(ALICE, ref)
    assert bench.demand.cursor[0] == 32_000


def stale(media: MediaKey, kind: Literal["video", "audio"], since: float = 48.0) -> TrackState:
    return TrackState(media, kind, "stale", "no_media", int(since * 1e9))


def test_streams_of_a_silent_track_end_what_is_open_and_know_nothing(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face", "video", "audio"]))
    pictures = bench.open(ALICE, "video")
    bench.open(ALICE, "audio")
    bench.sessions.track_changed(stale(ALICE, "video"), pictures.view)
    assert [(stream, outcome.name, outcome.state) for _, stream, outcome, _ in bench.heard.findings] == [
        ("video", "fake", "end"),
        ("face", "fake", "end"),
        ("media", "video_lost", "start"),
    ]
    assert [outcome.data.get("reason") for _, _, outcome, _ in bench.heard.findings[:2]] == [
        "track_stale"
    ] * 2
    assert bench.heard.newest == [(ALICE, "video"), (ALICE, "face")]
    streams = {row.stream.analyzer.name: row.stream for row in bench.sessions.rows.values()}
    assert streams["face"].silent == {"video": "no_media"}
    assert streams["face"].latest() == {"absorbed": None}
    assert streams["face"].last.frame_age_ms == 2000.0
    assert bench.factories["face"].made[0].forgotten == 1
    assert (streams["audio"].silent, streams["audio"].latest()) == ({}, {"absorbed": 0})


def test_the_next_look_at_a_silent_track_is_known_again(bench: Host) -> None:
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face"]))
    ref = bench.open(ALICE, "video")
    bench.sessions.track_changed(stale(ALICE, "video"), ref.view)
    [row] = bench.sessions.rows.values()
    epoch = row.feed.track.epoch
    row.stream.heard("video", START)
    assert row.stream.latest() == {"absorbed": 0}
    bench.sessions.track_changed(stale(ALICE, "video", 49.0), ref.view)  # it brought one picture, no more
    assert row.stream.latest() == {"absorbed": None}
    assert row.feed.track.epoch == epoch + 1, "what is under way is not absorbed"


def test_an_api_that_comes_back_hears_what_is_unknown(bench: Host) -> None:
    policy = SessionPolicy(ALICE, ["face", "audio"])
    bench.sessions.set_policy(policy)
    ref = bench.open(ALICE, "video")
    bench.open(ALICE, "audio")
    bench.sessions.track_changed(stale(ALICE, "video"), ref.view)
    bench.sessions.set_policy(policy)
    assert bench.heard.newest == [(ALICE, "face")] * 2


def test_a_stream_that_begins_on_a_silent_track_knows_nothing(bench: Host) -> None:
    ref = bench.open(ALICE, "video")
    bench.sessions.track_changed(stale(ALICE, "video"), ref.view)
    bench.sessions.set_policy(SessionPolicy(ALICE, ["face"]))
    assert bench.heard.newest == [(ALICE, "face")]
    assert [(stream, outcome.name) for _, stream, outcome, _ in bench.heard.findings][-1] == (
        "media",
        "video_lost",
    )


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"faces": [[0, 0, 1, 1]], "face_count": 2}, {"faces": [], "face_count": None}),
        ({"identity": {"match": True, "score": 0.5}}, {"identity": {"match": None, "score": None}}),
        ({"blink": False, "gaze": None}, {"blink": None, "gaze": None}),
    ],
)
def test_an_unknown_result_has_its_form_and_says_nothing(known: dict[str, Any], said: dict[str, Any]) -> None:
    assert unknown(known) == said


steps = st.lists(
    st.tuples(
        st.sampled_from(["policy", "end", "open", "close", "stale", "busy", "over", "fail"]),
        st.sampled_from([ALICE, BOB]),
        st.sampled_from(["video", "audio"]),
        st.lists(st.sampled_from(["face", "video", "audio", "lipsync"]), unique=True),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(steps)
def test_rows_slots_and_shares_all_come_back(
    taken: list[tuple[str, MediaKey, Literal["video", "audio"], list[str]]],
) -> None:
    bench, rings, busy = Host(), {}, set()
    for step, media, kind, streams in taken:
        if step == "policy":
            bench.sessions.set_policy(SessionPolicy(media, streams))
            rows, told = dict(bench.sessions.rows), len(bench.heard.findings)
            bench.sessions.set_policy(SessionPolicy(media, streams))
            assert (dict(bench.sessions.rows), len(bench.heard.findings)) == (rows, told), (
                "the same again is nothing"
            )
        elif step == "end":
            bench.sessions.end(media)
        elif step == "open":
            rings[media, kind] = bench.open(media, kind)
        elif step == "close" and (media, kind) in rings:
            bench.sessions.ring_closed(media, kind, rings.pop((media, kind)).view)
        elif step == "stale" and (media, kind) in rings:
            bench.sessions.track_changed(stale(media, kind), rings[media, kind].view)
        elif step == "busy":
            busy |= set(bench.sessions.rows)
            bench.demand.busy[list(busy)] = True
        elif step == "over":
            _finish(bench, busy)
        elif step == "fail":
            for factory in bench.factories.values():
                for made in factory.made[-1:]:
                    break_analyzer(made, "finish", "restart", "rates", "latest", "forget", "apply")
            bench.sessions.end_failed()
        feeds = [row.feed for row in bench.sessions.rows.values()]
        slots = [feed.slot for feed in feeds if isinstance(feed, WindowFeed)]
        assert len(slots) == len(set(slots)), "no two sessions share a slot"
        assert all(index in bench.sessions.rows for index in busy), "a batch's rows stay until it is over"
        _check_rows(bench)
    for media in (ALICE, BOB):
        bench.sessions.end(media)
    _finish(bench, busy)
    assert bench.sessions.rows == {}
    assert not bench.demand.active.any()
    assert not any(bench.sessions.active.values())


def _check_rows(bench: Host) -> None:
    """One row looks for each role of each stream, as often as the most demanding of its streams wants."""
    at_work = [row for row in bench.sessions.rows.values() if not row.ended]
    assert all(row in stream.rows for row in at_work for stream in row.streams)
    assert [float(bench.demand.period[row.index]) for row in at_work] == [row.period for row in at_work]
    for stream in {stream for row in at_work for stream in row.streams}:
        wanted = {"face_detector", "vad"} & set(stream.analyzer.rates)
        assert sorted(row.role for row in stream.rows) == sorted(wanted)


def _finish(bench: Host, busy: set[int]) -> None:
    bench.demand.busy[list(busy)] = False
    for index in busy:
        bench.sessions.rows.is_over(index)
    busy.clear()
