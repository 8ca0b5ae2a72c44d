from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from argusd.ingest.shm.frame import i420_info
from argusd.scheduler.analyzers.face import FaceAnalyzer
from argusd.scheduler.contract.policy import Gates, Hold, Policy, Rates
from argusd.scheduler.core import Edges, Moment, Motion, Outcome, Reuse
from argusd.scheduler.models.outputs import Face, Mesh
from argusd.scheduler.models.persons import ENOUGH

from .heads import face, mesh

INFO = i420_info(640, 480)


def at(media_s: float, motion: Motion | None = None) -> Moment:
    return Moment(media_s, 1_700_000_000 + media_s, 20.0, 640, 480, motion=motion)


class OnlyTheMiddleMoves:
    """Of a picture of 640 x 480, which was looked at so often."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def moves(self, box: Edges, others: Iterable[Edges], width: int, height: int, times: int = 1) -> bool:
        left, _, right, _ = box
        return left < width / 2 < right


def violations(outcomes: list[Outcome]) -> list[tuple[str, str]]:
    return [(outcome.name, outcome.state) for outcome in outcomes if outcome.type == "violation"]


def observed(outcomes: list[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.type == "observation"]


class Session:
    """Plays looks at 4 Hz, detector and mesh together."""

    def __init__(self, policy: Policy | None = None, motion: Motion | None = None) -> None:
        self.stream = FaceAnalyzer(policy or Policy())
        self.motion = motion
        self.now = 0.0

    def show(self, seconds: float, faces: list[Face], seen: Mesh | None) -> list[Outcome]:
        return [outcome for outcomes in self._looks(seconds, faces, seen) for outcome in outcomes]

    def _looks(self, seconds: float, faces: list[Face], seen: Mesh | None) -> Iterator[list[Outcome]]:
        for _ in range(int(seconds * 4)):
            yield self.stream.absorb("face_detector", faces, at(self.now, self.motion))
            if seen and self.stream.roi("face_mesh", INFO) is not None:
                yield self.stream.absorb("face_mesh", seen, at(self.now))
            self.now += 0.25


def test_the_wire_contract_of_a_calm_face() -> None:
    session = Session()
    session.show(2, [face()], mesh(yaw=5, look=(0.05, 0)))
    assert session.stream.latest() == {
        "gaze": {"x": 0.05, "y": 0.0, "direction": "center"},
        "gaze_unknown": None,
        "blink": False,
        "head_pose": {"yaw": 5.0, "pitch": 0.0, "roll": 0.0},
        "neutral": None,
        "liveness": {
            "verdict": "unknown",
            "blinks": 0,
            "calm_s": 1.8,
            "tilted": False,
            "eyes": 0.0,
            "mouth": 0.0,
            "depth": 0.0,
        },
        "face_count": 1,
        "faces": [[0.3828, 0.3438, 0.6172, 0.6562]],
        "violations": [],
    }


def test_landmarks_are_told_to_who_asks_for_them_and_in_no_event() -> None:
    session = Session(Policy(landmarks=True))
    seen = mesh()
    outcomes = session.show(2, [face()], seen)
    landmarks = session.stream.latest()["landmarks"]
    assert np.allclose(landmarks, seen.points[:, :2] / (640, 480), atol=1e-4)
    assert observed(outcomes)
    assert all("landmarks" not in each.data for each in outcomes)
    session.show(3, [], None)
    assert session.stream.latest()["landmarks"] == []


def test_before_the_first_look_nothing_is_claimed() -> None:
    stream = FaceAnalyzer(Policy())
    assert stream.latest()["gaze"] is None
    assert stream.latest()["violations"] == []
    assert stream.finish(at(0)) == []


def test_what_was_seen_before_a_silence_says_nothing_of_after_it() -> None:
    session = Session()
    session.show(3, [face(), face(100, 100, 60)], mesh(look=(0.3, 0)))
    assert session.stream.latest()["violations"] == ["multiple_faces", "gaze_away"]
    ended = session.stream.finish(at(session.now))
    assert violations(ended) == [("multiple_faces", "end"), ("gaze_away", "end")]
    session.stream.forget()
    assert session.stream.latest() == FaceAnalyzer(Policy()).latest()
    assert session.stream.finish(at(session.now)) == []


def test_a_glance_aside_is_one_episode_and_blinks_neither_start_nor_break_it() -> None:
    session = Session()
    told = session.show(2, [face()], mesh())
    told += session.show(0.5, [face()], mesh(lids=0.05, look=(0.5, 0)))  # eyes shut: no gaze at all
    told += session.show(0.5, [face()], mesh())
    assert violations(told) == []
    told = session.show(1, [face()], mesh(look=(0.3, 0)))
    told += session.show(0.5, [face()], mesh(lids=0.05, look=(0, 0)))
    assert session.stream.latest()["blink"] is True
    told += session.show(2, [face()], mesh(look=(0.3, 0)))
    told += session.show(2, [face()], mesh())
    assert violations(told) == [("gaze_away", "start"), ("gaze_away", "end")]
    end = next(outcome for outcome in told if outcome.state == "end")
    assert end.data == {
        "direction": "left",
        "value": 0.3,
        "threshold": 0.15,
        "start_s": 3.0,
        "end_s": 6.25,
        "duration_s": 3.25,
        "evidence": {"log_odds": 7.14, "needed": 1.32, "looks_for": 12, "looks_against": 3},
    }


def test_a_turned_head_is_told_with_its_side_and_ends_the_gaze() -> None:
    session = Session()
    session.show(1, [face()], mesh(look=(-0.4, 0)))
    told = session.show(2, [face()], mesh(yaw=-50))
    assert violations(told) == [("gaze_away", "end"), ("head_turned", "start")]
    start = next(outcome for outcome in told if outcome.state == "start")
    assert (start.data["direction"], start.data["value"], start.data["threshold"]) == ("right", -50.0, 30.0)
    assert session.stream.latest()["gaze"] is None


def test_a_head_in_profile_is_turned_though_it_has_no_landmarks() -> None:
    profile = face()._replace(keypoints=np.array([[310.0, 230], [330, 230], [350, 245], [325, 265]]))
    session = Session()
    told = session.show(2, [profile], mesh(yaw=40, presence=0.1))
    start = next(outcome for outcome in told if outcome.type == "violation")
    assert (start.name, start.data["direction"]) == ("head_turned", "left")
    latest = session.stream.latest()
    assert (latest["gaze"], latest["gaze_unknown"]) == (None, "head_turned")
    assert latest["head_pose"]["yaw"] == pytest.approx(55.8, abs=0.1)
    told = session.show(2, [face()], mesh(yaw=40, presence=0.1))
    assert violations(told) == [], "by the landmarks alone nothing is said"
    told = session.show(2, [face()], mesh())
    assert violations(told) == [("head_turned", "end")]


@pytest.mark.parametrize(("pitch", "direction"), [(-40, "down"), (40, "up")])
def test_a_nod_has_its_direction(pitch: float, direction: str) -> None:
    told = Session().show(2, [face()], mesh(pitch=pitch))
    start = next(outcome for outcome in told if outcome.name == "head_turned")
    assert start.data["direction"] == direction


def test_absence_ends_what_was_said_of_the_person() -> None:
    session = Session()
    session.show(2, [face()], mesh(look=(0.3, 0)))
    assert session.stream.latest()["violations"] == ["gaze_away"]
    told = session.show(1, [], mesh(presence=0.1))
    told += session.show(3, [], None)
    assert violations(told) == [("face_absent", "start"), ("gaze_away", "end")]
    assert session.stream.roi("face_mesh", INFO) is None
    latest = session.stream.latest()
    assert (latest["face_count"], latest["gaze"], latest["head_pose"]) == (0, None, None)
    told = session.show(2, [face()], mesh())
    assert violations(told) == [("face_absent", "end")]


def test_a_face_that_only_the_mesh_sees_is_present() -> None:
    session = Session()
    session.show(1, [face()], mesh())
    told = session.show(3, [], mesh())
    assert violations(told) == []
    assert session.stream.latest()["face_count"] == 1


def test_one_wrong_look_does_not_change_the_count() -> None:
    session = Session()
    session.show(1, [face()], mesh())
    told = session.show(0.25, [face(), face(100, 100, 60)], mesh())
    told += session.show(1, [face()], mesh())
    assert violations(told) == []
    assert session.stream.latest()["face_count"] == 1


def test_a_second_face_is_told_at_once_as_observation_and_then_as_violation() -> None:
    session = Session(Policy(rates=Rates(observations=0.1)))
    assert len(observed(session.show(2, [face()], mesh()))) == 1
    told = session.show(2, [face(), face(100, 100, 60, score=0.7)], mesh())
    assert [outcome.data["face_count"] for outcome in observed(told)] == [2]
    start = next(outcome for outcome in told if outcome.type == "violation")
    assert (start.name, start.state, start.severity, start.confidence) == (
        "multiple_faces",
        "start",
        "critical",
        0.7,
    )
    assert start.data["face_count"] == 2


def test_a_face_on_a_wall_that_never_moves_is_no_second_one() -> None:
    session, printed = Session(motion=OnlyTheMiddleMoves(ENOUGH)), face(100, 100, 60)
    assert violations(session.show(4, [face(), printed], mesh())) == []
    told = session.stream.latest()
    assert (told["face_count"], len(told["faces"])) == (1, 2)
    assert violations(session.show(4, [printed], mesh())) == [], "nor while landmarks alone show the person's"
    assert session.stream.latest()["face_count"] == 1


def test_a_second_face_that_has_not_moved_yet_counts_and_is_told_once_it_does() -> None:
    session, second = Session(motion=OnlyTheMiddleMoves(2)), face(100, 100, 60)
    assert violations(session.show(4, [face(), second], mesh())) == []
    assert session.stream.latest()["face_count"] == 2
    session.motion = None
    assert violations(session.show(2, [face(), second], mesh())) == [("multiple_faces", "start")]
    session.motion = OnlyTheMiddleMoves(2)
    assert violations(session.show(4, [face(), second], mesh())) == [], "what is told does not end by doubt"
    session.motion = OnlyTheMiddleMoves(ENOUGH)
    assert violations(session.show(4, [face(), second], mesh()))[-1] == ("multiple_faces", "end")


def test_observations_keep_to_their_rate() -> None:
    told = Session(Policy(rates=Rates(observations=2))).show(5, [face()], mesh())
    assert len(observed(told)) == 10


def test_a_restart_forgets_places_but_not_findings() -> None:
    session = Session()
    session.show(2, [face()], mesh(look=(0.3, 0)))
    session.stream.restart()
    assert session.stream.roi("face_mesh", INFO) is None
    assert session.stream.latest()["violations"] == ["gaze_away"]
    assert violations(session.stream.finish(at(2))) == [("gaze_away", "end")]


def test_a_disabled_rule_is_not_told() -> None:
    session = Session(Policy(face_absent=Hold(enabled=False)))
    assert violations(session.show(4, [], None)) == []


class TestReuse:
    """When what the detector saw may stand for later pictures."""

    def test_one_face_that_is_followed_may_move_and_what_is_around_it_may_not(self) -> None:
        session = Session()
        session.show(2, [face()], mesh())
        reuse = session.stream.reuse("face_detector")
        assert reuse is not None
        assert (reuse.longest_s, reuse.followed) == (0.7, session.stream.roi("face_mesh", INFO))
        assert session.stream.reuse("face_mesh") is None, "eyes move in a picture that stays"

    def test_nobody_may_come_unseen(self) -> None:
        session = Session()
        assert session.stream.reuse("face_detector") is None, "nothing was seen yet"
        session.show(2, [], None)
        assert session.stream.reuse("face_detector") == Reuse(5.0)

    @pytest.mark.parametrize("faces", [[], [face(), face(100, 100, 60)]])
    def test_every_look_counts_while_there_is_doubt(self, faces: list[Face]) -> None:
        session = Session()
        session.show(2, [face()], mesh())
        session.show(0.25, faces, mesh())
        assert session.stream.reuse("face_detector") is None
        session.show(0.25, [face()], mesh())
        assert (session.stream.reuse("face_detector") is None) == (len(faces) > 1)

    def test_a_face_that_is_not_followed_any_more_is_looked_for(self) -> None:
        session = Session()
        session.show(2, [face()], mesh())
        session.stream.absorb("face_mesh", mesh(presence=0.1), at(session.now))
        assert session.stream.reuse("face_detector") is None

    def test_a_second_face_is_found_before_its_violations_time_is_over(self) -> None:
        def longest_s(hold: Hold) -> float | None:
            session = Session(Policy(multiple_faces=hold))
            session.show(2, [face()], mesh())
            reuse = session.stream.reuse("face_detector")
            return reuse and reuse.longest_s

        assert longest_s(Hold(start_after_s=2.0)) == 2.0
        assert longest_s(Hold(start_after_s=60.0)) == longest_s(Hold(enabled=False)) == 5.0
        assert longest_s(Hold(start_after_s=0.0)) is None

    def test_a_gate_that_is_off_lets_every_look_through(self) -> None:
        policy = Policy(gates=Gates(empty_room=False, followed_face=False))
        empty, followed = Session(policy), Session(policy)
        empty.show(2, [], None)
        followed.show(2, [face()], mesh())
        assert empty.stream.reuse("face_detector") is None
        assert followed.stream.reuse("face_detector") is None


def test_a_calm_session_is_looked_at_less_often_and_more_often_at_once_when_something_begins() -> None:
    session = Session(Policy(gates=Gates(calm_session=True)))
    session.show(12, [face()], mesh())
    assert session.stream.rates == {"face_detector": 2.0, "face_mesh": 4.0}
    session.show(0.25, [face(), face(100, 100, 60)], mesh(look=(0.3, 0)))
    assert session.stream.rates["face_detector"] >= 4.0
    assert session.stream.rates["face_mesh"] == 16.0
    assert Session().stream.rates == {"face_detector": 4.0, "face_mesh": 8.0}
