"""When packets are handled: told by the second byte of each, which SRTP leaves readable."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.burst import MAX_BURST, MAX_EARLY, PICTURE_DUE_NS, Burst

VIDEO, RTX, AUDIO = 96, 97, 111
PICTURE, LAST, SOUND, RESENT, RTCP = (
    bytes([0x80, second]) for second in (VIDEO, VIDEO | 0x80, AUDIO, RTX, 0xC8)
)
FRAME_NS = 33_000_000


def burst() -> Burst:
    return Burst([VIDEO], [AUDIO], Counter())


def taken(waiting: Burst) -> list[bytes]:
    return [data for data, _ in waiting.take()]


def test_a_pictures_packets_wait_for_its_last_one() -> None:
    waiting = burst()
    assert [waiting.add(data, 0) for data in (PICTURE, PICTURE, LAST)] == [False, False, True]
    assert taken(waiting) == [PICTURE, PICTURE, LAST]
    assert taken(waiting) == []


def test_each_packet_keeps_the_time_of_its_own_arrival() -> None:
    waiting = burst()
    waiting.add(PICTURE, 5)
    waiting.add(LAST, 8)
    assert list(waiting.take()) == [(PICTURE, 5), (LAST, 8)]


def test_other_packets_end_the_wait() -> None:
    for other in (RESENT, RTCP):
        waiting = burst()
        assert not waiting.add(PICTURE, 0)
        assert waiting.add(other, 0)


def test_sound_is_handled_at_once_where_no_picture_comes() -> None:
    waiting = burst()
    assert waiting.add(SOUND, 0)
    waiting.add(LAST, FRAME_NS)
    assert waiting.add(SOUND, FRAME_NS + PICTURE_DUE_NS), "the camera was switched off"


def test_while_pictures_come_sound_waits_for_the_next() -> None:
    waiting = burst()
    waiting.add(LAST, 0)
    taken(waiting)
    assert not waiting.add(SOUND, 20_000_000)
    assert not waiting.add(PICTURE, FRAME_NS)
    assert not waiting.add(SOUND, FRAME_NS)
    assert waiting.add(LAST, FRAME_NS)
    assert taken(waiting) == [SOUND, PICTURE, SOUND, LAST]


def test_a_sender_without_markers_is_not_waited_for_again() -> None:
    waiting = burst()
    handled = [waiting.add(PICTURE, 0) for _ in range(MAX_BURST)]
    assert handled == [False] * (MAX_BURST - 1) + [True]
    taken(waiting)
    assert waiting.add(PICTURE, 0)
    assert waiting.add(LAST, 0)
    taken(waiting)
    assert not waiting.add(PICTURE, 0), "it sets markers after all"


def test_before_the_handshake_ends_the_oldest_gives_way() -> None:
    dropped: Counter[str] = Counter()
    waiting = Burst([VIDEO], [AUDIO], dropped)
    for number in range(MAX_EARLY + 3):
        waiting.add(SOUND, number)
    assert dropped == {"early_packet": 3}
    assert [arrival for _, arrival in waiting.take()] == list(range(3, MAX_EARLY + 3))


@given(st.lists(st.tuples(st.sampled_from([PICTURE, LAST, SOUND, RESENT, RTCP]), st.integers(0, 60_000_000))))
def test_nothing_is_lost_or_reordered_and_no_wait_is_longer_than_a_burst(
    arrivals: list[tuple[bytes, int]],
) -> None:
    waiting, now_ns = burst(), 0
    seen: list[tuple[bytes, int]] = []
    sent: list[tuple[bytes, int]] = []
    for data, step_ns in arrivals:
        now_ns += step_ns
        sent.append((data, now_ns))
        if waiting.add(data, now_ns):
            seen += waiting.take()
        assert len(sent) - len(seen) < MAX_BURST
    assert seen + list(waiting.take()) == sent
