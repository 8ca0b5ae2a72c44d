"""One person, another person, and the first one again: the rule about identity."""

import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.analyzers.person.identity import IdentityCheck
from argusd.scheduler.contract.policy import Identity
from argusd.scheduler.models.outputs import FaceEmbedding

SIZE = 8
REFERENCE = np.eye(SIZE, dtype=np.float32)[0]


def face(cosine: float) -> FaceEmbedding:
    """An embedding at this cosine from the reference, by a model whose threshold is 0.6."""
    vector = np.zeros(SIZE, np.float32)
    vector[:2] = cosine, np.sqrt(1 - cosine**2)
    return FaceEmbedding(vector, 0.6, "model")


def check(reference: NDArray[np.float32] = REFERENCE, threshold: float | None = None) -> IdentityCheck:
    return IdentityCheck(Identity(reference_embedding_b64=reference.tobytes(), threshold=threshold))


def told(identity: IdentityCheck, looks: list[tuple[float, float]]) -> list[tuple[float, str]]:
    """(media second, state) of every outcome, for looks (media second, cosine)."""
    return [(at, outcome.state) for at, cosine in looks for outcome in identity.see(face(cosine), at)]


def test_the_same_person_is_no_finding() -> None:
    identity = check()
    assert told(identity, [(at, 0.8) for at in range(0, 60, 2)]) == []
    assert identity.latest() == {"match": True, "score": pytest.approx(0.8), "quality": None, "error": None}


def test_a_poor_look_neither_accuses_nor_clears() -> None:
    def see(identity: IdentityCheck, cosine: float, quality: float, at: float) -> list[str]:
        return [each.state for each in identity.see(face(cosine)._replace(quality=quality), at)]

    same = check()
    see(same, 0.8, 0.9, 0.0)
    assert [state for at in range(2, 60, 2) for state in see(same, 0.3, 0.2, at)] == []
    assert same.latest() == {"match": True, "score": pytest.approx(0.8), "quality": 0.2, "error": None}
    other = check()
    assert [state for at in range(0, 6, 2) for state in see(other, 0.3, 0.9, at)] == ["start"]
    assert [state for at in range(6, 16, 2) for state in see(other, 0.8, 0.2, at)] == []
    assert other.rule.open


def test_another_person_is_told_after_more_than_one_look_and_once() -> None:
    looks = [(0.0, 0.8), (2.0, 0.3), (4.0, 0.35), (6.0, 0.3), (8.0, 0.8), (10.0, 0.8), (12.0, 0.8)]
    assert told(check(), looks) == [(6.0, "start"), (10.0, "end")]


def test_a_single_wrong_look_changes_nothing() -> None:
    assert told(check(), [(0.0, 0.8), (2.0, 0.2), (4.0, 0.8), (6.0, 0.8)]) == []


def test_a_wavering_likeness_is_one_violation() -> None:
    looks = [(at, 0.62 if at % 4 else 0.55) for at in range(0, 24, 2)]
    assert told(check(), [(0.0, 0.3), (2.0, 0.3), (4.0, 0.3), *((6.0 + at, c) for at, c in looks)]) == [
        (4.0, "start"),
        (10.0, "update"),
        (18.0, "update"),
        (26.0, "update"),
    ]


def test_the_finding_carries_score_and_threshold_and_no_embedding() -> None:
    identity = check(threshold=0.5)
    outcomes = [each for at in (0.0, 2.0, 4.0) for each in identity.see(face(0.3), at)]
    assert [(each.name, each.severity) for each in outcomes] == [("identity_mismatch", "critical")]
    evidence = {"log_odds": 8.79, "needed": 6.59, "looks_for": 3, "looks_against": 0}
    assert outcomes[0].data == {"score": 0.3, "threshold": 0.5, "start_s": 0.0, "evidence": evidence}
    assert outcomes[0].confidence == pytest.approx(0.7)


def test_a_reference_of_another_model_is_said_and_accuses_nobody() -> None:
    identity = check(np.ones(SIZE + 1, np.float32))
    assert told(identity, [(at, 0.1) for at in range(0, 20, 2)]) == []
    assert identity.latest() == {"match": None, "score": None, "quality": None, "error": "embedding_size"}


def test_nor_does_one_of_another_model_that_is_as_long() -> None:
    policy = Identity(reference_embedding_b64=REFERENCE.tobytes(), reference_model="another")
    identity = IdentityCheck(policy)
    assert told(identity, [(at, 0.1) for at in range(0, 20, 2)]) == []
    assert identity.latest() == {"match": None, "score": None, "quality": None, "error": "embedding_model"}
