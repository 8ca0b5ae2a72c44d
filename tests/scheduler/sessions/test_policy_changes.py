"""A policy that changes while a session runs: what is known and what is open goes on."""

from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.messages import SessionPolicy
from argusd.scheduler.contract.policy import (
    GazeAway,
    HeadTurned,
    Hold,
    Identity,
    LipSync,
    PhoneDetected,
    Policy,
    Rates,
    SecondSpeaker,
    SpeechDetected,
)
from argusd.scheduler.core import Moment
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel, LoadedAudioVisualModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.models.outputs import (
    Box,
    Face,
    FaceEmbedding,
    LagCurve,
    Thing,
    VoiceActivity,
    VoicePrint,
)
from argusd.scheduler.planning.curve import BatchCurve
from argusd.scheduler.planning.demand import Demand
from argusd.scheduler.sessions.session_stream import DemandRow
from argusd.scheduler.sessions.sessions import Sessions

from ..analyzers.heads import face, mesh
from ..fakes import (
    ALICE,
    ArenaWithTracks,
    FakeAudio,
    FakeComparison,
    FakeEngine,
    FakeVision,
    HeardFindings,
)

CURVE = BatchCurve(sizes=[1], seconds=[0.001])
LOOKING = ("face_detector", "face_mesh", "face_embedder", "object_detector")
HEARING = ("vad", "speaker_embedder")
SPOKEN, QUIET = VoiceActivity(0.9, 0.1), VoiceActivity(0.1, 0.01)
HERS, HIS = np.eye(8, dtype=np.float32)[:2]


def voice(whose: NDArray[np.float32]) -> VoicePrint:
    return VoicePrint(whose, 0.6, "ge2e")


def seen(whose: NDArray[np.float32]) -> FaceEmbedding:
    return FaceEmbedding(whose, 0.6, "arcface")


def phone(score: float) -> list[Thing]:
    return [Thing("cell phone", score, Box(0, 0, 10, 10))]


def reference(whose: NDArray[np.float32]) -> Identity:
    return Identity(reference_embedding_b64=whose.tobytes(), period_s=1.0, start_after_s=2.0, end_after_s=2.0)


def late(offset_ms: float) -> LagCurve:
    lags = 40 * np.arange(-15, 16)
    return LagCurve(0.8 * np.exp(-(((lags - offset_ms) / 60) ** 2)), 0.5, 0.3, 5.0)


class Interview:
    """The session ``alice`` with the real analyzers, whose models' outputs are given by hand."""

    def __init__(self) -> None:
        self.tracks = ArenaWithTracks()
        self.demand = Demand()
        self.heard = HeardFindings()
        self.now = 50.0
        looking = [(role, LoadedVisionModel(FakeVision(), FakeEngine(), CURVE)) for role in LOOKING]
        hearing = [(role, LoadedAudioModel(FakeAudio(), FakeEngine(), CURVE)) for role in HEARING]
        comparing = [("lip_sync", LoadedAudioVisualModel(FakeComparison(), FakeEngine(), CURVE))]
        self.sessions = Sessions(
            self.demand,
            [*looking, *hearing, *comparing],
            ANALYZERS,
            self.heard,
            max_age_s=1.0,
            clock=lambda: self.now,
        )
        self.sessions.ring_opened(ALICE, self.tracks.frames()[1])
        self.sessions.ring_opened(ALICE, self.tracks.pcm(1.0)[1])

    def apply(self, *streams: str, policy: Policy | None = None, **changed: Any) -> None:
        self.sessions.set_policy(SessionPolicy(ALICE, list(streams), policy or Policy(**changed)))

    def row(self, role: str) -> DemandRow:
        [row] = [row for row in self.sessions.rows.values() if row.role == role]
        return row

    def roles(self) -> set[str]:
        return {row.role for row in self.sessions.rows.values() if not row.ended}

    def feed(self, role: str, output: Any, *seconds: float) -> None:
        """Absorb the same output at each of these media seconds, as the loop does."""
        row = self.row(role)
        for media_s in seconds:
            captured_at = 1_700_000_000 + media_s
            at = Moment(media_s, captured_at, 20.0, 640, 480, on_sender_clock=True, lasts_s=0.5)
            for stream in row.streams:
                stream.heard(row.loaded.track, at)
                for outcome in stream.analyzer.absorb(role, output, at):
                    self.heard.finding(ALICE, stream.analyzer.name, outcome, at)

    def edges(self, kind: Literal["violation", "observation"] = "violation") -> list[tuple[str, str]]:
        """Name and state of what started and ended."""
        return [
            (told.name, told.state)
            for _, _, told, _ in self.heard.findings
            if told.type == kind and told.state != "update"
        ]

    def period(self, role: str) -> float:
        return float(self.demand.period[self.row(role).index])


@pytest.fixture
def alice() -> Interview:
    return Interview()


NO_FACE: list[Face] = []
AWAY = mesh(look=(0.5, 0))
TURNED = mesh(yaw=45)
WATCHED = Policy(identity=reference(HERS), speech_detected=SpeechDetected(enabled=True))

Looks = list[tuple[str, Any]]
OPEN: dict[str, tuple[str, Looks]] = {
    "face_absent": ("face", [("face_detector", NO_FACE)]),
    "multiple_faces": ("face", [("face_detector", [face(), face(100, 100, 60)])]),
    "gaze_away": ("face", [("face_detector", [face()]), ("face_mesh", AWAY)]),
    "head_turned": ("face", [("face_detector", [face()]), ("face_mesh", TURNED)]),
    "identity_mismatch": ("face", [("face_detector", [face()]), ("face_embedder", seen(HIS))]),
    "phone_detected": ("video", [("object_detector", phone(0.9))]),
    "multiple_people": ("video", [("object_detector", [Thing("person", 0.9, Box(0, 0, 90, 90))] * 2)]),
    "speech_detected": ("audio", [("vad", SPOKEN)]),
    "lip_sync_violation": ("lipsync", [("vad", SPOKEN), ("lip_sync", late(400))]),
}
UNRELATED = Policy(
    identity=reference(HERS),
    speech_detected=SpeechDetected(enabled=True),
    rates=Rates(observations=2, object_detector=2.0, face_mesh=9.0, mouth=12.0),
    weight=2.0,
    audio_lost=Hold(enabled=True),
)


@pytest.mark.parametrize("name", OPEN)
def test_a_violation_that_a_change_does_not_concern_has_one_start_and_one_end(
    alice: Interview, name: str
) -> None:
    stream, looks = OPEN[name]
    alice.apply(stream, policy=WATCHED)
    for media_s in (0.0, 1.0, 2.0, 3.0, 4.0):
        for role, output in looks:
            alice.feed(role, output, media_s)
    assert alice.edges() == [(name, "start")]
    alice.apply(stream, policy=UNRELATED)
    for media_s in (5.0, 6.0):
        for role, output in looks:
            alice.feed(role, output, media_s)
    assert alice.edges() == [(name, "start")]
    alice.apply(policy=UNRELATED)
    assert alice.edges() == [(name, "start"), (name, "end")]
    [ended] = [told for _, _, told, _ in alice.heard.findings if (told.name, told.state) == (name, "end")]
    assert (ended.data["start_s"] <= 1.0, ended.data["end_s"]) == (True, 6.0)


def test_a_lowered_threshold_counts_from_the_next_look(alice: Interview) -> None:
    alice.apply("video", phone_detected=PhoneDetected(score=0.8, start_after_s=1.0))
    alice.feed("object_detector", phone(0.6), 0.0, 1.0, 2.0)
    alice.apply("video", phone_detected=PhoneDetected(score=0.5, start_after_s=1.0))
    assert alice.edges() == []
    alice.feed("object_detector", phone(0.6), 3.0, 4.0)
    assert alice.edges() == [("phone_detected", "start")]


def test_a_raised_threshold_ends_what_is_open_as_a_calm_look_does(alice: Interview) -> None:
    alice.apply("face", head_turned=HeadTurned(yaw_deg=20))
    alice.feed("face_detector", [face()], 0.0)
    alice.feed("face_mesh", mesh(yaw=30), 0.0, 1.0, 2.0)
    alice.apply("face", head_turned=HeadTurned(yaw_deg=60))
    assert alice.edges() == [("head_turned", "start")]
    alice.feed("face_mesh", mesh(yaw=30), 2.5, 3.0)
    assert alice.edges() == [("head_turned", "start"), ("head_turned", "end")]


def test_other_times_hold_for_what_has_begun(alice: Interview) -> None:
    alice.apply("face", gaze_away=GazeAway(start_after_s=60))
    alice.feed("face_detector", [face()], 0.0)
    alice.feed("face_mesh", AWAY, 0.0, 1.0, 2.0)
    alice.apply("face", gaze_away=GazeAway(start_after_s=2, end_after_s=60))
    alice.feed("face_mesh", AWAY, 2.5)
    assert alice.edges() == [("gaze_away", "start")]
    alice.feed("face_mesh", mesh(), 3.5, 4.5)
    alice.apply("face", gaze_away=GazeAway(start_after_s=2, end_after_s=1))
    alice.feed("face_mesh", mesh(), 5.0)
    assert alice.edges() == [("gaze_away", "start"), ("gaze_away", "end")]


def test_a_rule_that_is_switched_off_ends_what_it_has_open_and_nothing_else(alice: Interview) -> None:
    alice.apply("face")
    alice.feed("face_detector", [face(), face(100, 100, 60)], 0.0, 1.0)
    alice.feed("face_mesh", AWAY, 0.0, 1.0)
    alice.apply("face", gaze_away=GazeAway(enabled=False))
    alice.feed("face_mesh", AWAY, 2.0, 3.0)
    assert alice.edges() == [("multiple_faces", "start"), ("gaze_away", "start"), ("gaze_away", "end")]
    alice.apply("face")
    alice.feed("face_mesh", AWAY, 4.0)
    assert alice.edges()[3:] == [], "switched on again, it waits its time anew"
    alice.feed("face_mesh", AWAY, 5.0)
    assert alice.edges()[3:] == [("gaze_away", "start")]


def test_a_stream_that_is_removed_ends_alone_and_one_that_is_added_begins_alone(alice: Interview) -> None:
    alice.apply("face", "video")
    alice.feed("face_detector", NO_FACE, 0.0, 1.0, 2.0)
    alice.feed("object_detector", phone(0.9), 0.0, 1.0)
    face_row, video_row = alice.row("face_detector"), alice.row("object_detector")
    alice.apply("face", "video", "audio")
    assert alice.edges() == [("face_absent", "start"), ("phone_detected", "start")]
    assert alice.roles() == {"face_detector", "face_mesh", "object_detector", "vad", "speaker_embedder"}
    alice.apply("video", "audio")
    assert alice.edges()[2:] == [("face_absent", "end")]
    assert face_row.ended
    assert alice.row("object_detector") is video_row


def test_a_voice_that_was_learnt_stays_the_sessions_own(alice: Interview) -> None:
    alice.apply("audio")
    alice.feed("vad", SPOKEN, *np.arange(0, 4, 0.032).tolist())
    alice.feed("speaker_embedder", voice(HERS), 0.0, 1.0, 2.0, 3.0)
    alice.apply("face", "audio", vad_threshold=0.4, second_speaker=SecondSpeaker(start_after_s=1.0))
    alice.feed("speaker_embedder", voice(HIS), 4.0, 5.0, 6.0)
    assert alice.edges() == [("second_speaker", "start")]
    [(_, _, told, _)] = [told for told in alice.heard.findings if told[2].name == "second_speaker"]
    assert told.data["against"] == "first_voice"
    assert ("speech", "end") not in alice.edges("observation"), "and a segment of speech goes on"


def test_another_voice_to_compare_with_replaces_that_alone(alice: Interview) -> None:
    policy = SecondSpeaker(start_after_s=0.5, end_after_s=0.5)
    alice.apply("audio", second_speaker=policy)
    alice.feed("speaker_embedder", voice(HERS), 0.0, 1.0, 2.0)
    alice.feed("speaker_embedder", voice(HIS), 3.0, 4.0)
    assert alice.edges() == [("second_speaker", "start")]
    known = SecondSpeaker(start_after_s=0.5, end_after_s=0.5, reference_embedding_b64=HIS.tobytes())
    alice.apply("audio", second_speaker=known)
    assert alice.edges() == [("second_speaker", "start")]
    alice.feed("speaker_embedder", voice(HIS), 5.0, 6.0)
    assert alice.edges() == [("second_speaker", "start"), ("second_speaker", "end")]
    alice.apply("audio", second_speaker=policy)
    alice.feed("speaker_embedder", voice(HIS), 7.0, 8.0)
    assert alice.edges()[2:] == [("second_speaker", "start")], "without it the first voice counts as before"


def test_a_first_voice_is_learnt_beside_a_reference(alice: Interview) -> None:
    known = SecondSpeaker(reference_embedding_b64=HERS.tobytes())
    alice.apply("audio", second_speaker=known)
    alice.feed("speaker_embedder", voice(HERS), 0.0, 1.0, 2.0)
    alice.apply("audio")
    alice.feed("speaker_embedder", voice(HIS), 3.0, 4.0, 5.0)
    assert alice.edges() == [("second_speaker", "start")]


def test_voices_are_told_apart_from_when_it_is_asked_for(alice: Interview) -> None:
    alice.apply("audio", rates=Rates(speaker_embedder=0))
    vad = alice.row("vad")
    assert alice.roles() == {"vad"}
    alice.apply("audio")
    assert alice.row("vad") is vad
    assert alice.roles() == {"vad", "speaker_embedder"}
    alice.feed("speaker_embedder", voice(HERS), 0.0, 1.0, 2.0)
    alice.feed("speaker_embedder", voice(HIS), 3.0, 4.0, 5.0)
    alice.apply("audio", rates=Rates(speaker_embedder=0))
    assert alice.edges() == [("second_speaker", "start"), ("second_speaker", "end")]
    assert alice.roles() == {"vad"}


def test_an_identity_adds_and_drops_its_role_alone(alice: Interview) -> None:
    alice.apply("face")
    alice.feed("face_detector", NO_FACE, 0.0, 1.0, 2.0)
    rows = [alice.row("face_detector"), alice.row("face_mesh")]
    alice.apply("face", identity=reference(HERS))
    assert alice.roles() == {"face_detector", "face_mesh", "face_embedder"}
    assert alice.period("face_embedder") == 1.0
    alice.feed("face_detector", [face()], 3.0, 4.0)
    alice.feed("face_embedder", seen(HIS), 4.0, 5.0, 6.0)
    assert alice.edges()[2:] == [("identity_mismatch", "start")]
    alice.apply("face")
    assert alice.edges()[3:] == [("identity_mismatch", "end")]
    assert alice.roles() == {"face_detector", "face_mesh"}
    assert [alice.row("face_detector"), alice.row("face_mesh")] == rows


def test_another_face_to_compare_with_is_compared_from_the_next_look(alice: Interview) -> None:
    alice.apply("face", identity=reference(HERS))
    alice.feed("face_detector", [face()], 0.0)
    alice.feed("face_mesh", mesh(), 0.0)
    alice.feed("face_embedder", seen(HIS), 0.0, 1.0, 2.0)
    stream = alice.row("face_mesh").stream
    assert stream.latest()["identity"] == {"match": False, "score": 0.0, "quality": None, "error": None}
    alice.apply("face", identity=reference(HIS))
    assert stream.latest()["identity"] == {"match": None, "score": None, "quality": None, "error": None}
    assert stream.latest()["gaze"] is not None, "the face that is followed stays"
    assert alice.edges() == [("identity_mismatch", "start")]
    alice.feed("face_embedder", seen(HIS), 3.0, 4.0)
    assert alice.edges() == [("identity_mismatch", "start"), ("identity_mismatch", "end")]


def test_a_reference_that_cannot_be_compared_leaves_nobody_accused(alice: Interview) -> None:
    alice.apply("face", identity=reference(HERS))
    alice.feed("face_detector", [face()], 0.0)
    alice.feed("face_embedder", seen(HIS), 0.0, 1.0, 2.0)
    alice.apply("face", identity=Identity(reference_embedding_b64=HIS.tobytes(), reference_model="another"))
    alice.feed("face_embedder", seen(HIS), 3.0)
    assert alice.edges() == [("identity_mismatch", "start"), ("identity_mismatch", "end")]


def test_rates_change_the_rows_that_are_there(alice: Interview) -> None:
    alice.apply("face", "video", rates=Rates(object_detector=0.01))
    before = dict(alice.sessions.rows)
    [slow] = [row.index for row in before.values() if row.role == "object_detector"]
    alice.demand.dispatch(np.array([slow]), 50.0, seconds=0.0)
    alice.demand.release(np.array([slow]))
    assert alice.demand.due[slow] == 150.0
    alice.apply("face", "video", rates=Rates(face_mesh=2.0, object_detector=4.0))
    assert alice.sessions.rows == before
    assert (alice.period("face_mesh"), alice.period("object_detector")) == (0.5, 0.25)
    assert alice.demand.due[slow] == 50.25, "who looked seldom does not wait for that any more"


def test_a_weight_changes_the_share_that_is_there(alice: Interview) -> None:
    alice.apply("face", weight=1.0)
    row = alice.row("face_mesh").index
    share = alice.demand.share[row]
    alice.apply("face", weight=5.0)
    assert (alice.row("face_mesh").index, alice.demand.share[row]) == (row, share)
    assert alice.demand.shares.weight[share] == 5.0


def test_lip_sync_goes_on_without_the_streams_whose_looks_it_joined(alice: Interview) -> None:
    alice.apply("face", "audio", "lipsync", lip_sync=LipSync(start_after_s=1.0))
    joined = {role: alice.row(role) for role in ("face_detector", "face_mesh", "vad")}
    alice.feed("vad", SPOKEN, 0.0)
    alice.feed("lip_sync", late(400), 0.0, 1.0, 2.0)
    alice.apply("lipsync", lip_sync=LipSync(start_after_s=1.0))
    assert alice.edges() == [("lip_sync_violation", "start")]
    assert {role: alice.row(role) for role in joined} == joined
    assert alice.roles() == {*joined, "lip_sync"}
    assert {row.stream.analyzer.name for row in joined.values()} == {"lipsync"}
    assert alice.period("face_mesh") == pytest.approx(1 / 15)


def test_streams_that_come_later_join_what_lip_sync_looks_at_already(alice: Interview) -> None:
    alice.apply("lipsync")
    before = set(alice.sessions.rows)
    alice.apply("face", "audio", "lipsync")
    assert alice.roles() == {"face_detector", "face_mesh", "vad", "speaker_embedder", "lip_sync"}
    assert [stream.analyzer.name for stream in alice.row("vad").streams] == ["lipsync", "audio"]
    assert before < set(alice.sessions.rows)
    alice.apply("face", "audio")
    assert alice.roles() == {"face_detector", "face_mesh", "vad", "speaker_embedder"}
    assert alice.period("face_mesh") == 1 / 8


def test_what_a_role_saw_for_who_does_not_want_it_any_more_is_dropped(alice: Interview) -> None:
    alice.apply("face", identity=reference(HERS))
    row = alice.row("face_embedder")
    alice.demand.dispatch(np.array([row.index]), 50.0, seconds=0.0)
    alice.apply("face")
    assert row.ended
    assert row.index in alice.sessions.rows, "the batch holds it still"
    alice.apply("face", identity=reference(HIS))
    alice.demand.release(np.array([row.index]))
    alice.sessions.rows.is_over(row.index)
    assert alice.row("face_embedder") is not row


def test_who_waits_for_every_look_changes_with_the_policy(alice: Interview) -> None:
    alice.apply("face")
    alice.sessions.set_policy(SessionPolicy(ALICE, ["face"], every_look=True))
    assert alice.row("face_mesh").stream.every_look


def test_a_silent_stream_stays_so_under_another_policy(alice: Interview) -> None:
    alice.apply("face")
    row = alice.row("face_mesh")
    row.stream.silent["video"] = "no_media"
    alice.apply("face", rates=Rates(face_mesh=4.0))
    assert row.stream.silent == {"video": "no_media"}
    assert alice.heard.newest == [(ALICE, "face")], "and is told again"
