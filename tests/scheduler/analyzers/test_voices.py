import numpy as np
import pytest

from argusd.scheduler.analyzers.voices import VoiceCheck
from argusd.scheduler.contract.policy import SecondSpeaker
from argusd.scheduler.core import Outcome
from argusd.scheduler.models.outputs import VoicePrint

LIKENESS = 0.68
ALICE, BOB = np.array([1, 0, 0, 0], np.float32), np.array([0, 1, 0, 0], np.float32)
BOTH = np.array([0.5**0.5, 0.5**0.5, 0, 0], np.float32)
VOICES = {"a": ALICE, "b": BOB, "x": BOTH}


def hear(check: VoiceCheck, voices: str, begin_s: float = 0.0) -> list[tuple[float, Outcome]]:
    """One window a second."""
    told = []
    for second, voice in enumerate(voices):
        media_s = begin_s + second
        told += [(media_s, each) for each in check.feed(VoicePrint(VOICES[voice], LIKENESS, "ge2e"), media_s)]
    return told


def names(told: list[tuple[float, Outcome]]) -> list[tuple[float, str, str]]:
    return [(media_s, outcome.name, outcome.state) for media_s, outcome in told]


def check(**policy: object) -> VoiceCheck:
    return VoiceCheck(SecondSpeaker(**{"start_after_s": 0.7} | policy))  # type: ignore[arg-type]


def test_a_voice_is_known_after_three_windows() -> None:
    one = check()
    hear(one, "aa")
    assert one.changed is None
    hear(one, "a", 2)
    assert one.changed is False


def test_two_unlike_windows_are_a_change_and_one_is_not() -> None:
    one = check()
    assert hear(one, "aaabaaa") == []
    told = hear(one, "bbb", 7)
    assert names(told) == [(8, "speaker_change", "update"), (8, "second_speaker", "start")]
    assert told[0][1].data == {"value": 0.0, "threshold": 0.68}
    assert one.changed is False  # the third one goes on with the same voice


def test_changed_is_true_for_one_window() -> None:
    one = check()
    hear(one, "aaabb")
    assert one.changed is True
    hear(one, "b", 5)
    assert one.changed is False


def test_a_voice_that_was_never_known_does_not_change() -> None:
    assert [name for _, name, _ in names(hear(check(), "abbab"))] == []


def test_the_first_voice_is_the_sessions_own() -> None:
    told = [entry for entry in hear(check(), "aaaabbbbbaaaa") if entry[1].type == "violation"]
    assert names(told) == [(5, "second_speaker", "start"), (10, "second_speaker", "end")]
    start, end = told[0][1], told[1][1]
    assert start.data["against"] == "first_voice"
    assert start.data["start_s"] == 4
    assert start.confidence == 1.0
    assert end.data["end_s"] == 8


def test_a_reference_is_the_sessions_own_voice() -> None:
    reference = (7 * BOB).astype("<f4").tobytes()
    told = hear(check(reference_embedding_b64=reference), "aabb")
    assert names(told)[0] == (1, "second_speaker", "start")
    assert told[0][1].data["against"] == "reference"


@pytest.mark.parametrize("data", [b"", b"a" * 17, b"\0" * 16, BOB.tobytes() * 2])
def test_what_is_no_reference_of_this_model_leaves_the_first_voice(data: bytes) -> None:
    told = hear(check(reference_embedding_b64=data), "aaabb")
    assert told[-1][1].data["against"] == "first_voice"


@pytest.mark.parametrize(("made_by", "against"), [("ge2e", "reference"), ("wespeaker", "first_voice")])
def test_a_reference_counts_for_the_model_that_made_it(made_by: str, against: str) -> None:
    reference = ALICE.astype("<f4").tobytes()
    told = hear(check(reference_embedding_b64=reference, reference_model=made_by), "aaabb")
    assert told[-1][1].data["against"] == against


def test_the_policys_likeness_counts_before_the_models() -> None:
    assert names(hear(check(), "aaaxxx")) == []
    assert (4, "second_speaker", "start") in names(hear(check(likeness=0.8), "aaaxxx"))


def test_a_stranger_is_calmly_kept() -> None:
    """A window just above the threshold does not make a stranger the session's own voice."""
    nearly = np.array([0.7, 0.51**0.5, 0, 0], np.float32)
    one = check()
    hear(one, "aaabb")
    assert one.feed(VoicePrint(nearly, LIKENESS, "ge2e"), 6.0) == []
    assert one.rule.open


def test_silence_ends_a_second_speaker() -> None:
    one = check()
    hear(one, "aaabb")
    assert one.silence(5.0) == []
    [end] = one.silence(6.0)
    assert (end.name, end.state, end.data["end_s"]) == ("second_speaker", "end", 4)
    assert one.silence(7.0) == []


def test_nobody_asked() -> None:
    told = hear(check(enabled=False), "aaabbbb")
    assert [name for _, name, _ in names(told)] == ["speaker_change"]


def test_a_window_that_may_hold_two_voices_teaches_nothing() -> None:
    [(_, change), *_] = hear(check(), "aaaxxxxxxbb")
    assert change.name == "speaker_change"
    assert change.data["value"] == 0.0


def test_who_is_first_after_a_silence_is_compared_with_who_was_first_before_it() -> None:
    checking = check()
    hear(checking, "aaaa")
    checking.forget()
    assert checking.changed is None
    told = hear(checking, "bbbb", begin_s=60.0)
    assert [name for _, name, _ in names(told)] == ["speaker_change", "second_speaker"]


def alike(speaker: int, number: int) -> VoicePrint:
    """A window of one of two people who sound alike, as over a telephone: each is near both."""
    random = np.random.default_rng(100 * speaker + number)
    mean = np.eye(64)[0] + 0.55 * np.eye(64)[1 + speaker]
    row = mean / np.linalg.norm(mean) + random.normal(0, 0.05, 64)
    return VoicePrint((row / np.linalg.norm(row)).astype(np.float32), LIKENESS, "ge2e", parted=0.82)


@pytest.mark.parametrize("economy", [False, True])
def test_voices_that_sound_alike_are_told_apart_once_each_was_heard_for_a_while(economy: bool) -> None:
    checking = VoiceCheck(SecondSpeaker(start_after_s=0.7), economy)
    told = []
    for second, speaker in enumerate([0] * 10 + [1] * 8 + [0] * 4):
        told += [(second, outcome) for outcome in checking.feed(alike(speaker, second), float(second))]
    starts = [(second, outcome.data) for second, outcome in told if outcome.type == "violation"]
    if economy:
        assert starts == [], "each window is like the first voice"
        return
    second, data = starts[0]
    assert 14 <= second <= 17
    assert data["against"] == "other_voice"
    assert data["value"] < data["threshold"] == 0.82


def test_a_voice_in_many_moods_is_one() -> None:
    checking, random = VoiceCheck(SecondSpeaker(start_after_s=0.7)), np.random.default_rng(1)
    for second in range(60):
        row = np.eye(64)[0] + random.normal(0, 0.08, 64)
        window = (row / np.linalg.norm(row)).astype(np.float32)
        assert checking.feed(VoicePrint(window, 0.5, "ge2e", parted=0.79), float(second)) == []
