"""Which frames go to the decoder: a table of states."""

from argusd.ingest.codecs.bitstream import FrameHead
from argusd.ingest.decoding.picture_limit import PictureLimit
from argusd.ingest.rtp.gate import MAX_BACKLOG, KeyframeGate, Verdict

KEY = FrameHead(keyframe=True, size=(1280, 720))
DELTA = FrameHead(keyframe=False)


def gate() -> KeyframeGate:
    return KeyframeGate(PictureLimit(1920 * 1088, 1920))


def test_nothing_passes_before_the_first_keyframe_which_is_asked_for() -> None:
    door = gate()
    assert door.judge(DELTA, 0) == Verdict("await_keyframe", ask=True)
    assert door.judge(KEY, 0) == Verdict()
    assert door.judge(DELTA, 0) == Verdict()


def test_an_overloaded_decoder_gets_nothing_until_the_next_keyframe() -> None:
    door = gate()
    door.judge(KEY, 0)
    assert door.judge(DELTA, MAX_BACKLOG) == Verdict("overload", clear=True, ask=True)
    assert door.judge(DELTA, 0) == Verdict("await_keyframe", ask=True)
    assert door.judge(KEY, 0) == Verdict()
    assert not door.suspect


def test_a_keyframe_takes_the_place_of_what_an_overloaded_decoder_has_waiting() -> None:
    door = gate()
    assert door.judge(KEY, MAX_BACKLOG) == Verdict(clear=True)


def test_after_a_loss_frames_pass_as_suspect_until_a_keyframe() -> None:
    door = gate()
    door.judge(KEY, 0)
    door.lost()
    assert door.judge(DELTA, 0) == Verdict(ask=True)
    assert door.suspect
    door.judge(KEY, 0)
    assert not door.suspect


def test_a_decoder_that_lost_its_state_needs_a_keyframe() -> None:
    door = gate()
    door.judge(KEY, 0)
    door.broken()
    assert door.judge(DELTA, 0).reason == "await_keyframe"


def test_pictures_too_large_are_refused_and_no_keyframe_is_asked_for() -> None:
    door = gate()
    for size in ((1920, 1200), (4096, 16)):
        assert door.judge(FrameHead(keyframe=True, size=size), 0) == Verdict("frame_too_large")
        assert door.judge(DELTA, 0) == Verdict("frame_too_large")
    assert door.judge(FrameHead(keyframe=True), 0) == Verdict(
        "frame_too_large"
    )  # no SPS: the size still stands
    assert door.judge(KEY, 0) == Verdict()


def test_a_phone_held_upright_is_not_too_large() -> None:
    assert gate().judge(FrameHead(keyframe=True, size=(1080, 1920)), 0) == Verdict()
