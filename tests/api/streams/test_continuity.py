from argusd.api.streams.continuity import Continuity, SamplePlace

RATE = 16_000
MS = 1_000_000
START = 5_000 * MS


def test_what_follows_within_the_jitter_of_stamps_simply_follows() -> None:
    track = Continuity(RATE)
    for message, jitter in enumerate((0, 30, -40, 79, 0)):
        assert track.place(START + (100 * message + jitter) * MS, 1600) == SamplePlace()


def test_a_gap_is_silence() -> None:
    track = Continuity(RATE)
    track.place(START, 1600)
    assert track.place(START + 500 * MS, 1600) == SamplePlace(silence=6400)
    assert track.place(START + 600 * MS, 1600) == SamplePlace()


def test_a_clock_that_drifts_is_caught_up_with() -> None:
    """It runs a hundredth too slow: every ten seconds a tenth of one is missing."""
    track, silence = Continuity(RATE), 0
    for message in range(300):
        silence += track.place(START + 101 * message * MS, 1600).silence
    assert 200 * 16 <= silence <= 300 * 16


def test_what_was_heard_already_is_left_out() -> None:
    track = Continuity(RATE)
    track.place(START, 16_000)
    assert track.place(START + 900 * MS, 3200) == SamplePlace(skipped=1600)
    assert track.place(START + 500 * MS, 1600) == SamplePlace(skipped=1600), "all of it"
    assert track.place(START + 1100 * MS, 1600) == SamplePlace()


def test_another_time_is_another_ring() -> None:
    track = Continuity(RATE)
    assert track.place(START, 1600) == SamplePlace()
    assert track.place(START + 60_000 * MS, 1600) == SamplePlace(anew=True)
    assert track.place(START, 1600) == SamplePlace(anew=True)
    assert track.place(START + 100 * MS, 1600) == SamplePlace()


def test_without_stamps_there_are_no_gaps() -> None:
    track = Continuity(RATE)
    assert [track.place(0, 1600) for _ in range(3)] == [SamplePlace()] * 3
