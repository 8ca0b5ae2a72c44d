"""Policies that change while an analyzer works, for all analyzers and any policies."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.policy import (
    GazeAway,
    GivenNeutral,
    HeadTurned,
    Hold,
    Identity,
    LipSync,
    MultiplePeople,
    PhoneDetected,
    Policy,
    Rates,
    SecondSpeaker,
    SpeechDetected,
)
from argusd.scheduler.core import Analyzer, Moment, Outcome
from argusd.scheduler.models.outputs import (
    Box,
    FaceEmbedding,
    LagCurve,
    Thing,
    VoiceActivity,
    VoicePrint,
)

from .heads import face, mesh

ALICE, BOB = np.eye(8, dtype=np.float32)[:2]
PEOPLE = st.sampled_from([ALICE, BOB])
SHARES = st.sampled_from([0.2, 0.5, 0.9])

TIMES = {
    "enabled": st.booleans(),
    "start_after_s": st.sampled_from([0.0, 1.0, 3.0]),
    "end_after_s": st.sampled_from([0.0, 1.0, 3.0]),
}
REFERENCES = PEOPLE.map(lambda who: who.tobytes())
POLICIES = st.builds(
    Policy,
    face_absent=st.builds(Hold, **TIMES),
    multiple_faces=st.builds(Hold, **TIMES),
    gaze_away=st.builds(GazeAway, horizontal=SHARES, vertical=SHARES, **TIMES),
    head_turned=st.builds(HeadTurned, yaw_deg=st.sampled_from([20.0, 60.0]), **TIMES),
    neutral=st.sampled_from(["on", "off", GivenNeutral(yaw_deg=20.0, y=0.1)]),
    identity=st.none()
    | st.builds(
        Identity,
        reference_embedding_b64=REFERENCES,
        reference_model=st.sampled_from([None, "arcface", "another"]),
        threshold=st.none() | SHARES,
        period_s=st.sampled_from([1.0, 5.0]),
        **TIMES,
    ),
    multiple_people=st.builds(MultiplePeople, score=SHARES, allowed=st.integers(0, 2), **TIMES),
    phone_detected=st.builds(PhoneDetected, score=SHARES, **TIMES),
    speech_detected=st.builds(SpeechDetected, **TIMES),
    second_speaker=st.builds(
        SecondSpeaker,
        reference_embedding_b64=st.none() | REFERENCES,
        reference_model=st.sampled_from([None, "ge2e", "another"]),
        likeness=st.none() | SHARES,
        **TIMES,
    ),
    liveness=st.builds(Hold, **TIMES),
    economy=st.booleans(),
    lip_sync=st.builds(
        LipSync, max_offset_ms=st.sampled_from([160.0, 560.0]), likeness=st.none() | SHARES, **TIMES
    ),
    vad_threshold=SHARES,
    rates=st.builds(
        Rates,
        face_detector=st.sampled_from([1.0, 4.0]),
        face_mesh=st.sampled_from([0.2, 8.0]),
        mouth=st.sampled_from([5.0, 15.0]),
        object_detector=st.sampled_from([1.0, 4.0]),
        speaker_embedder=st.sampled_from([0.0, 1.3]),
        observations=st.sampled_from([0.1, 1.0]),
    ),
)

LAGS = 40 * np.arange(-15, 16)
OUTPUTS: dict[str, st.SearchStrategy[Any]] = {
    "face_detector": st.integers(0, 2).map(lambda count: [face()] * count),
    "face_mesh": st.builds(
        mesh, yaw=st.sampled_from([0.0, 40.0]), look=st.sampled_from([(0.0, 0.0), (0.6, 0.0)])
    ),
    "face_embedder": PEOPLE.map(lambda who: FaceEmbedding(who, 0.6, "arcface")),
    "object_detector": st.lists(
        st.builds(Thing, st.sampled_from(["person", "cell phone"]), SHARES, st.just(Box(0, 0, 9, 9))),
        max_size=3,
    ),
    "vad": SHARES.map(lambda speech: VoiceActivity(speech, 0.1)),
    "speaker_embedder": PEOPLE.map(lambda who: VoicePrint(who, 0.6, "ge2e")),
    "lip_sync": st.sampled_from([0, 400]).map(
        lambda offset: LagCurve(0.8 * np.exp(-(((LAGS - offset) / 60) ** 2)), 0.5, 0.3, 5.0)
    ),
}
STEPS = st.lists(
    POLICIES | st.sampled_from(sorted(OUTPUTS)).flatmap(lambda role: st.tuples(st.just(role), OUTPUTS[role]))
)


def play(analyzer: Analyzer, steps: list[Any], *, applied: int = 1) -> list[Any]:
    """All that is told and known, a look every half second; each policy is ``applied`` so often."""
    told: list[Any] = []
    for number, step in enumerate(steps):
        if isinstance(step, Policy):
            told += [outcome for _ in range(applied) for outcome in analyzer.apply(step)]
        elif step[0] in analyzer.rates:
            role, output = step
            at = Moment(
                number / 2, 1_700_000_000 + number / 2, 20.0, 640, 480, on_sender_clock=True, lasts_s=0.5
            )
            told += analyzer.absorb(role, output, at)
        told.append((analyzer.latest(), dict(analyzer.rates)))
    return [*told, *analyzer.finish(Moment(0, 0, 0))]


def state(thing: Any) -> Any:
    """All that an analyzer and its parts remember."""
    if isinstance(thing, np.ndarray):
        return thing.tolist()
    if isinstance(thing, tuple | list):
        return [state(each) for each in thing]
    if hasattr(thing, "__dict__"):
        return {name: state(value) for name, value in vars(thing).items()}
    return thing


@pytest.mark.parametrize("name", ANALYZERS)
@settings(max_examples=40)
@given(before=POLICIES, policy=POLICIES)
def test_before_the_first_look_a_change_is_as_good_as_a_new_analyzer(
    name: str, before: Policy, policy: Policy
) -> None:
    changed = ANALYZERS[name](before)
    assert changed.apply(policy) == []
    assert state(changed) == state(ANALYZERS[name](policy))


@pytest.mark.parametrize("name", ANALYZERS)
@settings(max_examples=40)
@given(steps=STEPS)
def test_the_same_policy_again_changes_nothing(name: str, steps: list[Any]) -> None:
    analyzer, again = ANALYZERS[name](Policy()), ANALYZERS[name](Policy())
    assert play(analyzer, steps) == play(again, steps, applied=2)
    assert state(analyzer) == state(again)


@pytest.mark.parametrize("name", ANALYZERS)
@settings(max_examples=40)
@given(steps=STEPS)
def test_starts_and_ends_alternate_whatever_the_policies_do(name: str, steps: list[Any]) -> None:
    told = [each for each in play(ANALYZERS[name](Policy()), steps) if isinstance(each, Outcome)]
    for violation in {each.name for each in told if each.type == "violation"}:
        edges = [each.state for each in told if each.name == violation and each.state != "update"]
        assert edges == ["start", "end"] * (len(edges) // 2)
