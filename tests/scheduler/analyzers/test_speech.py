import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.analyzers.speech import MIN_SILENCE_S, RecentSpeech, SpeechEdge, SpeechSegments

STEP = 0.032


def play(probabilities: list[float], threshold: float = 0.5) -> tuple[list[SpeechEdge], SpeechSegments]:
    segments, edges = SpeechSegments(threshold), []
    for number, probability in enumerate(probabilities):
        edge = segments.feed(probability, number * STEP, (number + 1) * STEP)
        edges += [edge] if edge else []
    return edges, segments


def test_recent_speech_is_a_share_of_the_last_seconds_with_silence_before_them() -> None:
    recent, shares = RecentSpeech(4 * STEP), []
    for speech in [True, True, False, True, True, False, False, False, False]:
        recent.feed(speech, STEP)
        shares.append(recent.share)
    assert shares == [0.25, 0.5, 0.5, 0.75, 0.75, 0.5, 0.5, 0.25, 0.0]


def test_a_segment_lasts_from_its_first_to_its_last_window_of_speech() -> None:
    start, end = play([0.0] * 10 + [0.9] * 20 + [0.0] * 30)[0]
    assert start == SpeechEdge("start", 10 * STEP, None, 0.9)
    assert end == SpeechEdge("end", 10 * STEP, 30 * STEP, 0.9)


def test_going_on_is_easier_than_beginning() -> None:
    assert play([0.4] * 50)[0] == []
    (start, end) = play([0.6] + [0.4] * 20 + [0.3] * 30)[0]
    assert end.end_s == pytest.approx(21 * STEP)
    assert start.start_s == 0


def test_a_click_is_no_speech() -> None:
    edges, segments = play([0.0] * 5 + [0.95] * 2 + [0.0] * 30)
    assert edges == []
    assert not segments.speaking


def test_a_breath_does_not_end_a_sentence() -> None:
    breath = int(MIN_SILENCE_S / STEP) - 1
    edges, segments = play([0.9] * 10 + [0.0] * breath + [0.9] * 10)
    assert [edge.state for edge in edges] == ["start"]
    last = segments.close()
    assert last is not None
    assert last.end_s == pytest.approx((20 + breath) * STEP)
    assert segments.close() is None


@given(st.lists(st.floats(0, 1), max_size=200), st.floats(0.2, 0.9))
def test_segments_take_turns_and_do_not_overlap(probabilities: list[float], threshold: float) -> None:
    edges, segments = play(probabilities, threshold)
    last = segments.close()
    edges += [last] if last else []
    assert [edge.state for edge in edges] == ["start", "end"] * (len(edges) // 2)
    before = -1.0
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        assert end.end_s is not None
        assert before <= start.start_s == end.start_s < end.end_s <= len(probabilities) * STEP + 1e-9
        assert probabilities[round(start.start_s / STEP)] >= threshold
        before = end.end_s
