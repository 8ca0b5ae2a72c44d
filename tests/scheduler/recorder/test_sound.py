"""Sound out of a ring that goes on."""

import numpy as np

from argusd.scheduler.contract.media import SAMPLE_RATE
from argusd.scheduler.recorder.sound import MARGIN, PIECE, SoundTake

from .rings import Sound

SECOND = 1_000_000_000


def test_what_came_before_and_comes_after_is_one_piece_of_sound() -> None:
    sound = Sound(4.0)
    before = sound.say(SAMPLE_RATE, arrival_ns=7 * SECOND)
    take = SoundTake(sound.ring, before_s=0.5)
    assert take.begins_ns == 7 * SECOND + SECOND // 2
    after = sound.say(SAMPLE_RATE)
    take.read()
    assert take.samples.tolist() == [*before[SAMPLE_RATE // 2 :], *after]


def test_a_ring_has_no_more_than_it_holds() -> None:
    sound = Sound(2.0)
    for _ in range(5):
        sound.say(SAMPLE_RATE)
    take = SoundTake(sound.ring, before_s=5.0)
    assert len(take.samples) == (2 * SAMPLE_RATE - MARGIN) // PIECE * PIECE


def test_what_was_overwritten_before_it_was_read_is_silence() -> None:
    sound = Sound(1.0)
    take = SoundTake(sound.ring, before_s=0.0)
    for _ in range(3):
        said = sound.say(SAMPLE_RATE)
    take.read()
    assert len(take.samples) == 3 * SAMPLE_RATE
    assert not take.samples[: 2 * SAMPLE_RATE].any()
    assert np.array_equal(take.samples[2 * SAMPLE_RATE :], said)


def test_nothing_of_another_track_is_heard_in_the_place_of_one_that_ended() -> None:
    sound = Sound(1.0)
    sound.say(PIECE)
    take = SoundTake(sound.ring, before_s=1.0)
    heard = take.samples
    sound.pcm.close()
    other = Sound.__new__(Sound)
    other.arena, other.pcm = sound.arena, type(sound.pcm)(sound.arena, 1.0)
    assert other.pcm.place == sound.ring.place
    other.say(SAMPLE_RATE)
    take.read()
    assert np.array_equal(take.samples, heard)
