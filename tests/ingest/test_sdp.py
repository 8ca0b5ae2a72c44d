"""WHIP offers: what is taken, what is refused and why."""

import re

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.clips import opus_clip, video_clip
from argusd.benchmarks.publisher import PacketTrack, Publisher
from argusd.ingest.errors import BadOffer, OfferNotSending, OfferRefused, TooManyTracks, UnsupportedCodec
from argusd.ingest.sdp import (
    MAX_CANDIDATES,
    MAX_OFFER_BYTES,
    Payload,
    check_offer,
    finish_answer,
    read_answer,
)

# A browser's offer, shortened: VP8 with retransmission, VP9, H.264, Opus and G.722, a name as candidate.
OFFER = (
    "\r\n".join(
        """v=0
o=- 46117317 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=msid-semantic: WMS stream
m=audio 9 UDP/TLS/RTP/SAVPF 111 9
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 4c9a2c1f-0000-4000-8000-000000000000.local 51000 typ host
a=candidate:2 1 udp 2113937151 192.0.2.7 51001 typ host
a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdefghijklmn
a=ice-options:trickle
a=fingerprint:sha-256 AA:BB
a=setup:actpass
a=mid:0
a=sendonly
a=msid:stream audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:9 G722/8000
m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 102
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdefghijklmn
a=fingerprint:sha-256 AA:BB
a=setup:actpass
a=mid:1
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=sendrecv
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:98 VP9/90000
a=rtpmap:102 H264/90000
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
""".splitlines()
    )
    + "\r\n"
)


def test_only_what_we_negotiate_is_left_of_an_offer() -> None:
    audio, video = SessionDescription.parse(check_offer(OFFER)).media
    assert [codec.name for codec in audio.rtp.codecs] == ["opus"]
    assert [codec.name for codec in video.rtp.codecs] == ["VP8", "H264", "rtx"]
    assert video.fmt == [96, 102, 97]
    assert [candidate.ip for candidate in audio.ice_candidates] == ["192.0.2.7"]
    assert audio.ice_candidates[0].protocol == "udp"


def test_the_sender_is_never_told_to_be_the_last_to_find_us() -> None:
    offer = OFFER.replace("a=ice-options:trickle", "a=end-of-candidates")
    assert "end-of-candidates" not in check_offer(offer)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("a=sendonly", "a=recvonly"), OfferNotSending),
        (("a=sendrecv", "a=inactive"), OfferNotSending),
        (("m=audio", "m=video"), TooManyTracks),
        (("opus/48000/2", "G729/8000"), UnsupportedCodec),
        (("a=rtpmap:96 VP8/90000\r\n", ""), None),  # H.264 is left
        (("m=audio", "m=application"), BadOffer),
        (("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"), BadOffer),
        (("a=group:BUNDLE 0 1\r\n", ""), BadOffer),
        (("a=mid:1", "a=mid:0"), BadOffer),
        (("a=mid:1\r\n", ""), BadOffer),
        (("a=rtcp-mux\r\n", ""), BadOffer),
        (("a=setup:actpass\r\n", ""), BadOffer),
        (("a=fingerprint:sha-256 AA:BB\r\n", ""), BadOffer),
        (("a=ice-ufrag:abcd\r\n", ""), BadOffer),
        (("a=ice-pwd:0123456789abcdefghijklmn\r\n", ""), BadOffer),
        (("a=setup:actpass", "a=setup:sideways"), BadOffer),
        (("UDP/TLS/RTP/SAVPF 111 9", "UDP/TLS/RTP/SAVPF x"), BadOffer),
        (("a=rtpmap:96 VP8/90000", "a=rtpmap:96"), BadOffer),
        (("a=fmtp:111 minptime=10", "a=fmtp:112 minptime=10"), BadOffer),
        (("m=", "x="), BadOffer),
        (("s=-\r\n", "s=" + "x" * MAX_OFFER_BYTES + "\r\n"), BadOffer),
    ],
)
def test_each_flaw_has_its_error(change: tuple[str, str], error: type[OfferRefused] | None) -> None:
    offer = OFFER.replace(*change)
    assert offer != OFFER
    if error is None:
        check_offer(offer)
        return
    with pytest.raises(error) as refusal:
        check_offer(offer)
    assert refusal.type is error


def test_candidates_are_limited() -> None:
    line = "a=candidate:2 1 udp 2113937151 192.0.2.7 51001 typ host\r\n"
    checked = check_offer(OFFER.replace(line, line * 100))
    assert checked.count("a=candidate") == MAX_CANDIDATES


@given(st.text())
def test_text_is_no_offer(text: str) -> None:
    with pytest.raises(BadOffer):
        check_offer(text)


@given(
    drop=st.integers(0, OFFER.count("\r\n")),
    at=st.integers(0, len(OFFER)),
    junk=st.text("abc019:=/ -_\r\n\x00é", max_size=12),
)
def test_a_mangled_offer_is_answered_or_refused(drop: int, at: int, junk: str) -> None:
    mangled = OFFER[:at] + junk + OFFER[at:]
    lines = mangled.split("\r\n")
    del lines[drop % len(lines)]
    try:
        checked = check_offer("\r\n".join(lines))
    except OfferRefused:
        return
    assert SessionDescription.parse(checked).media


async def test_a_real_offer_becomes_a_real_agreement() -> None:
    tracks = [
        PacketTrack("video", video_clip("vp8", 64, 48, 1)),
        PacketTrack("audio", opus_clip(1)),
    ]
    publisher, receiver = Publisher(tracks), Publisher([])
    offer = SessionDescription.parse(check_offer(await publisher.offer()))
    offered = {codec.name: codec.payloadType for media in offer.media for codec in media.rtp.codecs}
    await receiver.peer.setRemoteDescription(publisher.peer.localDescription)
    answer = (await receiver.peer.createAnswer()).sdp
    agreement = read_answer(answer)
    assert agreement.kinds == ["video", "audio"]
    assert agreement.payloads == {
        offered["VP8"]: Payload("vp8"),
        offered["rtx"]: Payload("vp8", offered["VP8"]),
        offered["opus"]: Payload("opus"),
    }
    assert agreement.abs_send_time == 3
    assert f"a=ssrc:{agreement.ssrc} " in answer
    finished = finish_answer(answer)
    assert len(re.findall("a=rtcp-mux\r\na=rtcp-mux-only\r\n", finished)) == 2
    assert "a=recvonly" in finished
    assert "a=sendrecv" not in finished
    await publisher.close()
    await receiver.close()
