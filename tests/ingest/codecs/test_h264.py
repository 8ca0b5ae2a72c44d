"""H.264: payloads as aiortc reads them, sizes as x264 wrote them."""

import base64
from fractions import Fraction

import av
import pytest
from aiortc.codecs.h264 import H264Encoder, h264_depayload
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.peers.clips import Scene, video_clip
from argusd.ingest.codecs.h264 import (
    START_CODE,
    depayload,
    discardable,
    inspect,
    is_decodable,
    limited_level,
    parameter_sets,
    picture_size,
)
from argusd.ingest.decoding.opening import open_decoder


def packetize(frame: bytes) -> list[bytes]:
    packet = av.Packet(frame)
    packet.pts, packet.time_base = 0, Fraction(1, 90_000)
    return H264Encoder().pack(packet)[0]


def test_packets_of_a_frame_join_to_the_same_units_and_only_the_first_starts_it() -> None:
    frame = video_clip("h264", 640, 480, 1)[0]
    payloads = packetize(frame)
    assert len(payloads) > 2
    fragments = [depayload(payload) for payload in payloads]
    assert b"".join(fragment.data for fragment in fragments) == b"".join(map(h264_depayload, payloads))
    # A second unit of the frame may say that it could start one; what continues a unit never does.
    assert fragments[0].starts_frame
    assert not fragments[-1].starts_frame


def units_of(frame: bytes) -> list[bytes]:
    """The NAL units of an Annex B frame whose start codes are all four bytes long, or three."""
    return [unit for unit in frame.replace(START_CODE, START_CODE[1:]).split(START_CODE[1:]) if unit]


def test_single_units_as_packetization_mode_0_has_them_are_a_frame() -> None:
    context = open_decoder("h264", 640 * 480)
    for frame in video_clip("h264", 640, 480, 3):
        fragments = [depayload(unit) for unit in units_of(frame)]
        assert fragments[0].starts_frame
        joined = b"".join(fragment.data for fragment in fragments)
        assert units_of(joined) == units_of(frame)
        assert len(context.decode(av.Packet(joined))) == 1


@pytest.mark.parametrize("unit_type", [25, 26, 27, 29])
def test_interleaved_units_are_refused(unit_type: int) -> None:
    with pytest.raises(ValueError, match=f"type {unit_type}"):
        depayload(bytes((unit_type,)) + bytes(20))


def test_parameter_sets_are_read_from_an_offer() -> None:
    sps, pps = [unit for unit in units_of(video_clip("h264", 640, 480, 1)[0]) if unit[0] & 0x1F in (7, 8)]
    told = ",".join(base64.b64encode(unit).decode() for unit in (sps, pps))
    assert parameter_sets({"sprop-parameter-sets": told}) == START_CODE + sps + START_CODE + pps
    assert inspect(parameter_sets({"sprop-parameter-sets": told})).size == (640, 480)


@pytest.mark.parametrize("told", ["", ",", "%%%,aM48gA==", "aM48gA==", "Z0LA,aM48gA==", "Z0LA" * 4096])
def test_parameter_sets_that_are_of_no_use_are_none(told: str) -> None:
    assert parameter_sets({"sprop-parameter-sets": told}) == b""
    assert parameter_sets({}) == b""


@given(st.text(max_size=60))
def test_any_parameter_sets_are_some_or_none(told: str) -> None:
    sets = parameter_sets({"sprop-parameter-sets": told})
    assert not sets or inspect(sets).size


@given(st.binary(max_size=30))
def test_any_payload_is_what_aiortc_makes_of_it_or_a_value_error(payload: bytes) -> None:
    try:
        fragment = depayload(payload)
    except ValueError:
        return
    assert fragment.data == h264_depayload(payload)


@pytest.mark.parametrize(
    ("payload", "starts"),
    [
        (b"\x41\x9a\x00", True),  # a slice whose first macroblock is 0
        (b"\x41\x40\x00", False),  # one that begins further down
        (b"\x67\x42\x00\x1f", True),
        (b"\x7c\x85\x88\x00", True),  # FU-A, start bit, IDR slice
        (b"\x7c\x05\x88\x00", False),
    ],
)
def test_the_start_of_a_frame_is_told_from_the_first_bits(payload: bytes, starts: bool) -> None:
    assert depayload(payload).starts_frame is starts


@pytest.mark.parametrize(
    ("payload", "no_reference"),
    [(b"\x41\x9a", False), (b"\x01\x9a", True), (b"\x7c\x41", False), (b"\x1c\x41", True)],
)
def test_the_last_packet_tells_a_picture_that_no_other_is_predicted_from(
    payload: bytes, no_reference: bool
) -> None:
    assert discardable(payload) is no_reference


@pytest.mark.parametrize("profile", ["baseline", "main", "high"])
@pytest.mark.parametrize(("width", "height"), [(640, 480), (1280, 720), (322, 182), (1920, 1080)])
def test_the_size_in_the_sps_is_that_of_the_picture(profile: str, width: int, height: int) -> None:
    frame = encode_one(width, height, profile)
    head = inspect(frame)
    assert head.keyframe
    assert head.size == (width, height)


def encode_one(width: int, height: int, profile: str) -> bytes:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": profile}
    return bytes(encoder.encode(Scene(width, height).picture(0))[0])


def test_a_frame_without_an_idr_slice_is_no_keyframe() -> None:
    assert not inspect(video_clip("h264", 640, 480, 2)[1]).keyframe
    assert not inspect(START_CODE).keyframe


@given(st.binary(max_size=80))
def test_any_sps_gives_a_size_or_a_value_error(sps: bytes) -> None:
    try:
        width, height = picture_size(sps)
    except ValueError:
        return
    assert min(width, height) > 0


@given(st.binary(max_size=80))
def test_any_frame_is_inspected_or_refused_with_a_value_error(frame: bytes) -> None:
    try:
        head = inspect(START_CODE + frame)
    except ValueError:
        return
    assert head.size is None or min(head.size) > 0


@pytest.mark.parametrize(
    ("parameters", "decodable"),
    [
        ({}, True),  # baseline, level 1
        ({"packetization-mode": "0"}, True),
        ({"packetization-mode": "1", "profile-level-id": "42e01f"}, True),  # constrained baseline
        ({"profile-level-id": "42001F"}, True),  # baseline
        ({"profile-level-id": "4d001f"}, True),  # main
        ({"profile-level-id": "58c01f"}, True),  # extended, within constrained baseline
        ({"profile-level-id": "64001f"}, True),  # high
        ({"profile-level-id": "640c34"}, True),  # constrained high
        ({"profile-level-id": "64081f"}, True),  # progressive high
        ({"profile-level-id": "58001f"}, False),  # extended
        ({"profile-level-id": "6e001f"}, False),  # high 10
        ({"profile-level-id": "7a001f"}, False),  # high 4:2:2
        ({"profile-level-id": "f4001f"}, False),  # high 4:4:4 predictive
        ({"profile-level-id": "2c001f"}, False),  # CAVLC 4:4:4 intra
        ({"profile-level-id": "42e01"}, False),
        ({"profile-level-id": "baseline"}, False),
        ({"packetization-mode": "2", "profile-level-id": "42e01f"}, False),  # interleaved
    ],
)
def test_profiles_that_come_out_as_8_bit_420_are_decodable(
    parameters: dict[str, str], decodable: bool
) -> None:
    assert is_decodable(parameters) == decodable


@pytest.mark.parametrize(
    ("parameters", "macroblocks", "level"),
    [
        ({"level-asymmetry-allowed": "1", "profile-level-id": "42e01f"}, 32_400, "42e034"),
        ({"level-asymmetry-allowed": "1", "profile-level-id": "64001f"}, 3_600, "64001f"),
        ({"level-asymmetry-allowed": "1", "profile-level-id": "42e034"}, 3_600, "42e01f"),
        ({"profile-level-id": "42e01f"}, 32_400, "42e01f"),  # both directions have one level
        ({"profile-level-id": "42e034"}, 3_600, "42e01f"),
        ({"level-asymmetry-allowed": "1"}, 3_600, "42001f"),
        ({"level-asymmetry-allowed": "1", "profile-level-id": "42e01f"}, 1 << 20, "42e01f"),
    ],
)
def test_the_level_says_how_large_a_picture_may_be(
    parameters: dict[str, str], macroblocks: int, level: str
) -> None:
    assert limited_level(parameters, macroblocks) == {"profile-level-id": level}
