"""Which keyframes get what before them."""

from argusd.benchmarks.peers.clips import video_clip
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.codecs.h264 import START_CODE
from argusd.ingest.codecs.parameter_sets import MAX_BYTES, ParameterSets

H264 = VIDEO_CODECS["h264"]
KEYFRAME, OTHER = video_clip("h264", 64, 48, 2)
UNITS = [
    START_CODE + unit for unit in KEYFRAME.replace(START_CODE, START_CODE[1:]).split(START_CODE[1:]) if unit
]
SPS, PPS = UNITS[:2]
BARE = UNITS[-1]
LARGER = video_clip("h264", 128, 96, 1)[0]


def completed(sets: ParameterSets, *frames: bytes, out_of_band: bytes = b"") -> list[bytes]:
    """The pictures among these frames, as they go to the decoder."""
    looks = [sets.complete(H264, frame, out_of_band) for frame in frames]
    return [data for data, head in looks if head.is_picture]


def test_the_units_of_a_keyframe_are_these() -> None:
    assert [unit[4] & 0x1F for unit in (SPS, PPS, BARE)] == [7, 8, 5]


def test_a_whole_stream_is_left_as_it_is() -> None:
    assert completed(ParameterSets(), KEYFRAME, OTHER, KEYFRAME, out_of_band=b"x") == [
        KEYFRAME,
        OTHER,
        KEYFRAME,
    ]


def test_what_the_offer_told_goes_before_keyframes_alone() -> None:
    told = SPS + PPS
    assert completed(ParameterSets(), BARE, OTHER, BARE, out_of_band=told) == [
        told + BARE,
        OTHER,
        told + BARE,
    ]


def test_a_whole_keyframe_ends_what_was_told_before() -> None:
    assert completed(ParameterSets(), BARE, KEYFRAME, BARE, out_of_band=SPS + PPS)[2] == BARE
    assert completed(ParameterSets(), SPS, PPS, LARGER, BARE) == [LARGER, BARE]


def test_units_that_come_one_by_one_are_put_together_and_the_last_ones_hold() -> None:
    sets = ParameterSets()
    assert completed(sets, SPS, PPS, BARE, out_of_band=b"stale") == [SPS + PPS + BARE]
    assert completed(sets, SPS, PPS, BARE) == [SPS + PPS + BARE]


def test_what_grows_too_long_is_nothing() -> None:
    sets = ParameterSets()
    assert completed(sets, SPS, *[PPS] * (MAX_BYTES // len(PPS) + 1), BARE)[-1].count(SPS) == 0
