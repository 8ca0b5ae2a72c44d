from argusd.scheduler.analyzers.audio import AudioAnalyzer
from argusd.scheduler.contract.policy import Policy, Rates, SpeechDetected
from argusd.scheduler.core import EVERY_WINDOW, Moment
from argusd.scheduler.models.outputs import VoiceActivity

WINDOW_S = 0.032


def play(stream: AudioAnalyzer, *parts: tuple[float, float]) -> list[tuple[float, str, str]]:
    """(seconds, probability) one after the other; what was told when, without plain observations' state."""
    told: list[tuple[float, str, str]] = []
    now = 0.0
    for seconds, probability in parts:
        for _ in range(round(seconds / WINDOW_S)):
            outcomes = stream.absorb(
                "vad", VoiceActivity(probability, 0.1), Moment(now, now, 5.0, lasts_s=WINDOW_S)
            )
            told += [(round(now, 1), outcome.name, outcome.state) for outcome in outcomes]
            now += WINDOW_S
    return told


def test_every_window_is_wanted() -> None:
    assert AudioAnalyzer(Policy()).rates["vad"] == EVERY_WINDOW


def test_voices_are_told_apart_unless_nobody_wants_it() -> None:
    assert AudioAnalyzer(Policy()).rates["speaker_embedder"] == 1.3
    assert AudioAnalyzer(Policy(rates=Rates(speaker_embedder=0))).rates == {"vad": EVERY_WINDOW}


def test_speech_is_observed_at_its_borders_and_the_level_at_its_rate() -> None:
    told = play(AudioAnalyzer(Policy(rates=Rates(observations=1))), (1, 0.0), (2, 0.9), (2, 0.0))
    assert [item for item in told if item[1] == "speech"] == [
        (1.1, "speech", "start"),
        (3.6, "speech", "end"),
    ]
    # Once a second, and at once when speech begins or ends.
    assert [media_s for media_s, name, _ in told if name == "audio"] == [0.0, 1.0, 1.1, 2.1, 3.1, 3.6, 4.6]


def test_the_wire_contract() -> None:
    stream = AudioAnalyzer(Policy())
    play(stream, (1, 0.9))
    assert stream.latest() == {
        "has_speech": True,
        "speech": 0.9,
        "rms": 0.1,
        "rms_dbfs": -20.0,
        "speaker_change": None,
        "violations": [],
    }


def test_digital_silence_has_a_level() -> None:
    stream = AudioAnalyzer(Policy())
    stream.absorb("vad", VoiceActivity(0.0, 0.0), Moment(0, 0, 0, lasts_s=WINDOW_S))
    assert stream.latest()["rms_dbfs"] == -96.0


def test_speech_before_a_silence_is_no_speech_after_it() -> None:
    stream = AudioAnalyzer(Policy(speech_detected=SpeechDetected(enabled=True)))
    play(stream, (1, 0.9))
    assert stream.latest()["violations"] == ["speech_detected"]
    ended = stream.finish(Moment(1.0, 0, 0))
    assert [(outcome.name, outcome.state) for outcome in ended] == [
        ("speech", "end"),
        ("speech_detected", "end"),
    ]
    stream.forget()
    assert stream.latest() == AudioAnalyzer(Policy()).latest()


def test_a_clap_and_the_silence_after_it_are_no_violation() -> None:
    stream = AudioAnalyzer(Policy(speech_detected=SpeechDetected(enabled=True)))
    told = play(stream, (1, 0.0), (0.22, 0.9), (2, 0.0), (0.22, 0.9), (2, 0.0))
    assert [item for item in told if item[1] == "speech_detected"] == []


def test_a_word_is_a_violation() -> None:
    stream = AudioAnalyzer(Policy(speech_detected=SpeechDetected(enabled=True)))
    told = play(stream, (1, 0.0), (0.4, 0.9), (3, 0.0))
    assert [state for _, name, state in told if name == "speech_detected"] == ["start", "end"]


def test_a_breath_inside_speech_belongs_to_its_violation() -> None:
    stream = AudioAnalyzer(Policy(speech_detected=SpeechDetected(enabled=True)))
    told = play(stream, (1, 0.9), (1.2, 0.0), (1, 0.9), (3, 0.0))
    assert [state for _, name, state in told if name == "speech_detected"] == ["start", "end"]


def test_the_end_of_the_stream_ends_the_speech() -> None:
    stream = AudioAnalyzer(Policy())
    play(stream, (1, 0.9))
    (end,) = stream.finish(Moment(1.0, 0, 0))
    assert (end.name, end.state, end.data) == (
        "speech",
        "end",
        {"start_s": 0.0, "end_s": 0.992, "duration_s": 0.992},
    )
    assert stream.finish(Moment(1.0, 0, 0)) == []
