"""RTP packets: the same as aiortc writes them, and nothing but ValueError for what is damaged."""

import pytest
from aiortc import rtp as aiortc_rtp
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from hypothesis import example, given
from hypothesis import strategies as st

from argusd.ingest.offers.capabilities import ABS_SEND_TIME
from argusd.ingest.rtp.packets import RtpPacket, parse_rtp, unwrap_rtx

EXTENSIONS = aiortc_rtp.HeaderExtensionsMap()
EXTENSIONS.configure(
    RTCRtpParameters(
        headerExtensions=[
            RTCRtpHeaderExtensionParameters(id=1, uri="urn:ietf:params:rtp-hdrext:sdes:mid"),
            RTCRtpHeaderExtensionParameters(id=3, uri=ABS_SEND_TIME),
        ]
    )
)


@given(
    payload=st.binary(max_size=40),
    marker=st.booleans(),
    number=st.integers(0, 65_535),
    timestamp=st.integers(0, 2**32 - 1),
    sources=st.lists(st.integers(0, 2**32 - 1), max_size=15),
    padding=st.integers(0, 255),
    mid=st.none() | st.text("ab", min_size=1, max_size=9),
    send_time=st.none() | st.integers(0, 2**24 - 1),
)
def test_what_aiortc_writes_is_read_back(
    payload: bytes,
    marker: bool,
    number: int,
    timestamp: int,
    sources: list[int],
    padding: int,
    mid: str | None,
    send_time: int | None,
) -> None:
    written = aiortc_rtp.RtpPacket(96, int(marker), number, timestamp, 77, payload)
    written.csrc, written.padding_size = sources, padding
    written.extensions.mid, written.extensions.abs_send_time = mid, send_time
    packet = parse_rtp(written.serialize(EXTENSIONS))
    assert packet[:6] == (96, marker, number, timestamp, 77, payload)
    assert packet.element(1) == (mid or "").encode()
    expected = b"" if send_time is None else send_time.to_bytes(3, "big")
    assert packet.element(3) == expected


@given(st.binary(max_size=60), st.integers(0, 15))
@example(b"\xb0" + bytes(11) + b"\xbe\xde\xff\xff", 1)
@example(b"\xa0" + bytes(12), 1)
@example(b"\x90" + bytes(11) + b"\x10\0\0\1\1\xff\0\0", 1)
def test_damage_is_a_value_error_or_a_packet(data: bytes, element: int) -> None:
    try:
        packet = parse_rtp(data)
    except ValueError:
        return
    assert len(packet.payload) <= len(data) - 12
    assert len(packet.element(element)) <= len(packet.extension)


@given(st.dictionaries(st.integers(1, 255), st.binary(max_size=255), max_size=5), st.integers(0, 15))
def test_elements_with_heads_of_two_bytes_are_read_back(elements: dict[int, bytes], app_bits: int) -> None:
    """RFC 8285 4.3; between two elements a byte of padding."""
    body = b"\0".join(bytes([number, len(data)]) + data for number, data in elements.items())
    body += bytes(-len(body) % 4)
    head = (0x1000 | app_bits).to_bytes(2, "big") + (len(body) // 4).to_bytes(2, "big")
    packet = parse_rtp(b"\x90\x60" + bytes(10) + head + body + b"video")
    assert packet.payload == b"video"
    assert {number: packet.element(number) for number in elements} == elements


def test_elements_under_another_profile_are_not_ours_to_read() -> None:
    packet = parse_rtp(b"\x90\x60" + bytes(10) + b"\xab\xcd\0\1\x10\xff\0\0")
    assert packet.element(1) == b""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x80" * 11, "truncated"),
        (bytes(12), "version"),
        (b"\x8f" + bytes(11), "shorter"),
        (b"\x90" + bytes(11), "extension"),
        (b"\xa0" + bytes(12), "shorter"),
        (b"\xa0" + bytes(11) + b"\x09", "shorter"),
    ],
)
def test_each_truncation_says_what_is_missing(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_rtp(data)


def test_a_retransmission_gives_back_the_lost_packet() -> None:
    extension = (b"\x07\x01\x01", True)
    rtx = RtpPacket(97, True, 500, 9000, 88, b"\x12\x34video", *extension)
    assert unwrap_rtx(rtx, 96, 77) == RtpPacket(96, True, 0x1234, 9000, 77, b"video", *extension)
    with pytest.raises(ValueError, match="empty"):
        unwrap_rtx(rtx._replace(payload=b"\x12"), 96, 77)
