"""The estimate that tells a sender how much its path carries."""

from argusd.ingest.offers.bitrate_limits import BitrateLimits
from argusd.ingest.rtp.bandwidth import BandwidthEstimator
from argusd.ingest.rtp.packets import RtpPacket

EXTENSION_ID = 3
FRAME_MS = 100
LIMITS = BitrateLimits(start=600_000)
START = 601_000  # the estimator adds its smallest step
ABS_SEND_TIME = 1 << 18  # units a second, modulo 64 s


def frame_end(sent_ms: int, nbytes: int = 12_500) -> RtpPacket:
    sent = sent_ms * ABS_SEND_TIME // 1000 % (1 << 24)
    extension = bytes([EXTENSION_ID << 4 | 2]) + sent.to_bytes(3, "big")
    return RtpPacket(96, True, 0, 90 * sent_ms, 7, bytes(nbytes), extension)


def estimates(delays_ms: list[int], nbytes: int, limits: BitrateLimits = LIMITS) -> list[int]:
    """What the sender is told while frames of ``nbytes`` are under way for so long each."""
    estimator = BandwidthEstimator(EXTENSION_ID, limits)
    told = [
        estimator.add(frame_end(FRAME_MS * number, nbytes), (FRAME_MS * number + delay) * 1_000_000 + 10**9)
        for number, delay in enumerate(delays_ms)
    ]
    return [bits_per_second for bits_per_second in told if bits_per_second is not None]


def test_the_first_frame_is_answered_with_the_start() -> None:
    """However little it is: a sender that nobody told anything sends little."""
    assert estimates([20], nbytes=100) == [START]


def test_who_sends_less_than_the_start_is_not_told_less() -> None:
    """Many a picture needs no more; it may move the next moment."""
    assert min(estimates([20] * 100, nbytes=1_000)) == START


def test_nobody_is_told_more_than_the_operator_allows() -> None:
    assert max(estimates([20] * 100, 12_500, BitrateLimits(start=600_000, most=700_000))) == 700_000
    assert estimates([20], 100, BitrateLimits(start=600_000, most=500_000)) == [500_000]


def test_a_path_that_keeps_up_is_said_to_carry_more_than_comes() -> None:
    told = estimates([20] * 100, nbytes=12_500)  # 1 Mbit/s
    assert told
    assert told[-1] > 1_000_000


def test_a_queue_that_grows_lowers_the_estimate_below_what_comes() -> None:
    told = estimates([20] * 30 + [20 + 25 * number for number in range(70)], nbytes=12_500)
    assert told[-1] < 1_000_000


def test_a_sender_that_does_not_say_when_it_sent_is_told_nothing() -> None:
    estimator = BandwidthEstimator(EXTENSION_ID, LIMITS)
    silent = frame_end(0)._replace(extension=b"")
    assert all(estimator.add(silent, number * 10**8 + 10**9) is None for number in range(50))


def test_frames_in_between_count_with_the_next_that_is_looked_at() -> None:
    """Thirty frames a second of a third of the size are the same path with the same load."""
    estimator, told = BandwidthEstimator(EXTENSION_ID, LIMITS), []
    for number in range(300):
        sent_ms = number * FRAME_MS // 3
        told.append(estimator.add(frame_end(sent_ms, 12_500 // 3), (sent_ms + 20) * 1_000_000 + 10**9))
    assert [estimate for estimate in told if estimate is not None][-1] > 1_000_000
