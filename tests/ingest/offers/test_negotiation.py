"""WHIP offers: what is received, what is kept inactive, what is rejected, what is refused and why."""

import base64
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.offers.agreement import Agreement, Payload
from argusd.ingest.offers.capabilities import ABS_SEND_TIME, TRANSPORT_CC, VIDEO_ORIENTATION
from argusd.ingest.offers.negotiation import MAX_OFFER_BYTES, MAX_SECTIONS, negotiate
from argusd.scheduler.contract.errors import (
    BadOffer,
    OfferNotSending,
    ServiceError,
    TooManyTracks,
    UnsupportedCodec,
)

PRINTED = {path.stem: path.read_text() for path in (Path(__file__).parent / "printed").rglob("*.sdp")}
REFUSED = {
    "chromium-156-two-cameras": TooManyTracks,
    "larix-h265": UnsupportedCodec,
}
OFFERS = {name: offer for name, offer in PRINTED.items() if name not in REFUSED}

# A browser's offer, shortened: VP8 with retransmission, Theora, H.264, Opus and G.722, a name as candidate.
OFFER = """v=0
o=- 46117317 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=msid-semantic: WMS stream
m=audio 9 UDP/TLS/RTP/SAVPF 111 9
c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 4c9a2c1f-0000-4000-8000-000000000000.local 51000 typ host
a=candidate:2 1 udp 2113937151 192.0.2.7 51001 typ host
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdefghijklmn
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
a=rtpmap:98 theora/90000
a=rtpmap:102 H264/90000
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
"""
DATA_CHANNEL = (
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\na=mid:2\na=sctp-port:5000\n"
)


def directions(agreement: Agreement) -> list[str]:
    return [section.direction for section in agreement.sections]


@pytest.mark.parametrize("name", OFFERS)
def test_offers_of_many_senders_are_accepted(name: str) -> None:
    agreement = negotiate(OFFERS[name])
    assert agreement.kinds
    assert len(agreement.sections) == len(re.findall("^m=", OFFERS[name], re.MULTILINE))


@pytest.mark.parametrize(("name", "error"), REFUSED.items())
def test_offers_that_are_refused_on_purpose(name: str, error: type[ServiceError]) -> None:
    with pytest.raises(error):
        negotiate(PRINTED[name])


def test_a_codec_that_is_not_received_is_named() -> None:
    told = r"media section 1 \(video\) offers H265; accepted are VP8, H264 "
    with pytest.raises(UnsupportedCodec, match=told):
        negotiate(PRINTED["larix-h265"])


def test_payload_types_below_96_keep_their_retransmission() -> None:
    payloads = negotiate(OFFERS["safari-18"]).payloads
    assert (payloads[35], payloads[36]) == (Payload("vp8"), Payload("vp8", 35))
    assert negotiate(OFFERS["pion-4"]).payloads[40] == Payload("h264", 39)


def test_a_lite_agent_that_says_everything_once_is_understood() -> None:
    agreement = negotiate(OFFERS["lite-agent"])
    assert directions(agreement) == ["rejected", "recvonly", "recvonly"]
    assert agreement.payloads == {111: Payload("opus"), 35: Payload("vp8")}
    transport = agreement.transport
    assert (transport.lite, transport.ufrag, transport.dtls_role) == (True, "lite", "client")
    assert [candidate.address for candidate in transport.candidates] == ["198.51.100.7"]
    assert agreement.sections[2].codecs[0].feedback == ("nack pli",)


def test_only_what_we_receive_is_agreed() -> None:
    agreement = negotiate(OFFER)
    assert agreement.kinds == ["audio", "video"]
    assert directions(agreement) == ["recvonly", "recvonly"]
    assert agreement.payloads == {
        111: Payload("opus"),
        96: Payload("vp8"),
        97: Payload("vp8", 96),
        102: Payload("h264"),
    }
    assert agreement.extension("video", ABS_SEND_TIME) == 2
    assert agreement.extension("audio", ABS_SEND_TIME) == 0


def video_codecs(offer: str) -> list[tuple[str, dict[str, str]]]:
    """The video codecs of an answer, without retransmissions, and their parameters."""
    (section,) = [each for each in negotiate(offer).received if each.offered.kind == "video"]
    return [(c.payload.codec, dict(c.parameters)) for c in section.codecs if c.payload.original is None]


def test_of_vp9_and_av1_the_profile_that_is_decoded_is_taken_and_said_again() -> None:
    assert video_codecs(PRINTED["chromium-156-vp9"]) == [("vp9", {"profile-id": "0"})]
    av1 = {"level-idx": "5", "profile": "0", "tier": "0"}
    assert video_codecs(PRINTED["chromium-156-av1"]) == [("av1", av1)]
    assert video_codecs(PRINTED["chromium-156-av1"].replace("a=fmtp:45 ", "a=x:45 ")) == [("av1", {})]


def test_vp8_and_h264_come_before_vp9_and_av1() -> None:
    order = [name for name, _ in video_codecs(PRINTED["chromium-156-default"])]
    assert list(dict.fromkeys(order)) in (["vp8", "h264", "vp9", "av1"], ["h264", "vp8", "vp9", "av1"])


@pytest.mark.parametrize(
    ("name", "change", "offered"),
    [
        ("chromium-156-vp9", ("profile-id=0", "profile-id=1"), "VP9"),
        ("chromium-156-av1", ("profile=0", "profile=1"), "AV1"),
        ("chromium-156-av1", ("AV1/90000", "H265/90000"), "H265"),
    ],
)
def test_what_cannot_be_decoded_is_refused_by_name(name: str, change: tuple[str, str], offered: str) -> None:
    with pytest.raises(UnsupportedCodec, match=offered):
        negotiate(PRINTED[name].replace(*change))


def test_how_pictures_are_turned_is_agreed_upon_where_it_is_offered() -> None:
    assert negotiate(PRINTED["chromium-156-default"]).extension("video", VIDEO_ORIENTATION) > 0
    assert negotiate(OFFER).extension("video", VIDEO_ORIENTATION) == 0


def test_parameter_sets_of_the_offer_go_with_their_payload_type_and_its_retransmission() -> None:
    payloads = negotiate(PRINTED["gstreamer-1.22-h264"]).payloads
    (sets,) = {payload.out_of_band for payload in payloads.values() if payload.codec == "h264"}
    assert sets.startswith(b"\x00\x00\x00\x01\x67\x42\xc0")
    assert sets.endswith(b"\x00\x00\x00\x01" + base64.b64decode("aM48gA=="))


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        (("m=audio", "m=video"), TooManyTracks, "media section 1 (video) and media section 2 (video) both"),
        (("opus/48000/2", "G729/8000"), UnsupportedCodec, "media section 1 (audio) offers G729, G722;"),
        (("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"), BadOffer, "must be in one BUNDLE group"),
        (("a=group:BUNDLE 0 1\n", ""), BadOffer, "must be in one BUNDLE group"),
        (("a=mid:1\n", ""), BadOffer, "must be in one BUNDLE group"),
        (
            ("a=mid:1", "a=mid:0"),
            BadOffer,
            "media section 1 (audio) and media section 2 (video) have the same",
        ),
        (("a=rtcp-mux\n", ""), BadOffer, "media section 1 (audio) lacks a=rtcp-mux"),
        (("a=setup:actpass\n", ""), BadOffer, "media section 1 (audio) needs an a=setup of actpass"),
        (("a=setup:actpass", "a=setup:sideways"), BadOffer, "needs an a=setup of actpass"),
        (("a=setup:actpass", "a=setup:holdconn"), BadOffer, "needs an a=setup of actpass"),
        (("a=fingerprint:sha-256 AA:BB\n", ""), BadOffer, "media section 1 (audio) lacks an a=fingerprint"),
        (("a=fingerprint:sha-256", "a=fingerprint:sha-1"), BadOffer, "by one of sha-256, sha-384, sha-512"),
        (("a=ice-ufrag:abcd\n", ""), BadOffer, "media section 1 (audio) lacks a=ice-ufrag"),
        (("a=ice-pwd:0123456789abcdefghijklmn\n", ""), BadOffer, "media section 1 (audio) lacks a=ice-pwd"),
        (("UDP/TLS/RTP/SAVPF 111", "UDP/DTLS/SCTP 111"), BadOffer, "the protocol of media section 1 (audio)"),
        (
            ("SAVPF 111 9", "SAVPF x 70 300 0111"),
            UnsupportedCodec,
            "media section 1 (audio) offers no codec by name",
        ),
        (("SAVPF 111 9", "SAVPF 96 9\na=rtpmap:96 opus/48000/2"), BadOffer, "both use payload type 96"),
        (("m=", "x="), BadOffer, "no audio or video section"),
        (("m=audio 9", "m=audio"), BadOffer, "the m= line of media section 1"),
        (("a=rtpmap:9 G722/8000\n", MAX_SECTIONS * DATA_CHANNEL), BadOffer, "more than 32 media sections"),
        (("s=-\n", "s=" + "x" * MAX_OFFER_BYTES + "\n"), BadOffer, "longer than 65536 bytes"),
    ],
)
def test_each_flaw_has_its_error_and_its_place(
    change: tuple[str, str], error: type[ServiceError], told: str
) -> None:
    offer = OFFER.replace(*change)
    assert offer != OFFER
    with pytest.raises(error, match=re.escape(told)) as refusal:
        negotiate(offer)
    assert refusal.type is error


def test_arrivals_are_told_to_who_asks_for_it_and_numbers_his_packets() -> None:
    offer = OFFERS["chromium-156-default"]
    assert negotiate(offer).transport_cc == 3
    assert negotiate(OFFERS["chromium-156-audio-only"]).transport_cc == 3
    assert negotiate(offer.replace(" transport-cc", "")).transport_cc == 0
    assert negotiate(offer.replace(TRANSPORT_CC, "urn:other")).transport_cc == 0
    assert negotiate(OFFERS["aiortc-1.16"]).transport_cc == 0


@pytest.mark.parametrize(("offered", "agreed"), [(14, 14), (15, 0), (200, 200), (255, 255), (256, 0)])
def test_extensions_may_have_heads_of_one_byte_or_two(offered: int, agreed: int) -> None:
    offer = OFFERS["chromium-156-default"].replace("a=extmap:3 ", f"a=extmap:{offered} ")
    assert negotiate(offer).transport_cc == agreed


def test_who_sends_nothing_is_told_so() -> None:
    told = r"media section 1 \(audio\) is recvonly, media section 2 \(video\) is inactive; a publisher sends"
    with pytest.raises(OfferNotSending, match=told):
        negotiate(OFFER.replace("a=sendonly", "a=recvonly").replace("a=sendrecv", "a=inactive"))


@pytest.mark.parametrize(
    "change",
    [
        ("a=setup:actpass", "a=setup:actpass\na=rtcp:9 IN IP4 3a1f.local\na=quite-unknown:x\na=another"),
        ("c=IN IP4 0.0.0.0", "c=IN IP4 host.example"),
        ("a=rtpmap:96 VP8/90000", "a=rtpmap:96"),
        ("a=fmtp:111 minptime=10", "a=fmtp:112 minptime=10"),
        ("a=candidate:2 1 udp", "a=candidate:2 1"),
        ("a=rtpmap:96 VP8", "a=rtpmap:96\t VP8"),
        ("\n", "\r\n"),
        ("UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVP"),
        ("a=setup:actpass", "a=setup:active"),
        ("a=fingerprint:sha-256", "a=fingerprint:SHA-256"),
        ("a=group:BUNDLE 0 1", "a=group:LS 0 1\na=group:BUNDLE 0 7 1"),
        ("a=fingerprint:sha-256 AA:BB", "a=fingerprint:sha-1 AA\na=fingerprint:sha-512 CC"),
    ],
)
def test_what_other_senders_write_makes_no_difference(change: tuple[str, str]) -> None:
    agreement = negotiate(OFFER.replace(*change))
    assert agreement.kinds == ["audio", "video"]


@pytest.mark.parametrize("direction", ["inactive", "recvonly"])
def test_a_kind_that_is_not_sent_stays_inactive_beside_one_that_is(direction: str) -> None:
    agreement = negotiate(OFFER.replace("a=sendonly", f"a={direction}"))
    assert agreement.kinds == ["video"]
    assert directions(agreement) == ["inactive", "recvonly"]
    assert agreement.tagged == 0
    assert 111 not in agreement.payloads


def test_a_direction_of_the_session_is_that_of_sections_without_one() -> None:
    offer = OFFER.replace("t=0 0\n", "t=0 0\na=inactive\n")
    assert negotiate(offer).kinds == ["audio", "video"]
    assert negotiate(offer.replace("a=sendonly\n", "")).kinds == ["video"]


@pytest.mark.parametrize("bundle", ["a=group:BUNDLE 0 1 2", "a=group:BUNDLE 2 0 1", "a=group:BUNDLE 0 1"])
def test_a_data_channel_is_rejected_alone(bundle: str) -> None:
    agreement = negotiate(OFFER.replace("a=group:BUNDLE 0 1", bundle) + DATA_CHANNEL)
    assert directions(agreement) == ["recvonly", "recvonly", "rejected"]
    assert agreement.tagged == 0


def test_what_the_tagged_section_lacks_may_stand_above_all_sections() -> None:
    transport = (
        "a=ice-ufrag:abcd\na=ice-pwd:0123456789abcdefghijklmn\na=fingerprint:sha-256 AA:BB\na=setup:actpass\n"
    )
    assert OFFER.count(transport) == 2
    offer = OFFER.replace(transport, "").replace("t=0 0\n", "t=0 0\n" + transport)
    assert negotiate(offer).transport == negotiate(OFFER).transport


def test_a_bundle_only_section_inherits_the_transport_of_a_rejected_one() -> None:
    # RFC 9143: the suggested section is rejected; the other one brings nothing of its own.
    head, video = OFFER.split("m=video 9")
    video = re.sub("a=(ice-.*|fingerprint.*|setup.*|rtcp-mux)\n", "", video)
    offer = f"{head}m=video 0{video}a=bundle-only\n".replace("opus/48000/2", "G729/8000")
    agreement = negotiate(offer.replace("a=sendonly", "a=inactive"))
    assert directions(agreement) == ["rejected", "recvonly"]
    assert agreement.tagged == 1
    assert agreement.transport == negotiate(OFFER).transport


def test_a_section_of_port_0_is_rejected_unless_it_is_only_bundled() -> None:
    offer = OFFER.replace("m=video 9", "m=video 0")
    assert negotiate(offer + "a=bundle-only\n").kinds == ["audio", "video"]
    stopped = offer.replace("BUNDLE 0 1", "BUNDLE 0").replace("a=sendrecv\n", "a=inactive\n")
    assert directions(negotiate(stopped)) == ["recvonly", "rejected"]
    for contradiction in (
        offer,
        stopped.replace("BUNDLE 0", "BUNDLE 0 1"),
        stopped.replace("a=inactive", "a=sendonly"),
    ):
        with pytest.raises(
            BadOffer, match=re.escape("media section 2 (video) has port 0, but is to be sent")
        ):
            negotiate(contradiction)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("a=fingerprint:sha-256 AA:BB", "a=fingerprint:sha-1 AA:BB"), "by one of sha-256, sha-384, sha-512"),
        (("a=fingerprint:sha-256 AA:BB", "a=fingerprint:quite-new AA:BB"), "by one of sha-256"),
        (("a=fingerprint:sha-256 AA:BB", "a=fingerprint:sha-256"), "by one of sha-256"),
        (("a=setup:actpass", "a=setup:holdconn"), "needs an a=setup of actpass"),
        (("a=ice-ufrag:abcd", "a=ice-ufrag:abc"), "lacks a=ice-ufrag"),
        (("a=ice-pwd:0123456789abcdefghijklmn", "a=ice-pwd:0123"), "lacks a=ice-pwd"),
    ],
)
def test_what_a_bundled_section_tells_of_itself_must_be_good_too(change: tuple[str, str], told: str) -> None:
    head, video = OFFER.split("m=video 9")
    assert change[0] in video
    with pytest.raises(BadOffer, match=re.escape(told)) as refusal:
        negotiate(f"{head}m=video 9{video.replace(*change)}")
    assert "media section 2 (video)" in str(refusal.value)


@pytest.mark.parametrize(
    "protocol",
    ["RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF", "UDP/TLS/RTP/AVP", "udp/tls/rtp/savpf", "UDP/TLS/UDPTL"],
)
@pytest.mark.parametrize("kind", ["audio", "video"])
def test_media_without_dtls_are_refused(kind: str, protocol: str) -> None:
    offer = OFFER.replace(f"m={kind} 9 UDP/TLS/RTP/SAVPF", f"m={kind} 9 {protocol}")
    with pytest.raises(BadOffer, match="must be UDP/TLS/RTP/SAVPF"):
        negotiate(offer)


def test_a_single_section_needs_neither_a_mid_nor_a_bundle() -> None:
    head, video = OFFER.split("m=video 9")
    alone = head.partition("m=")[0].replace("a=group:BUNDLE 0 1\n", "") + "m=video 9" + video
    for offer in (alone, alone.replace("a=mid:1\n", "")):
        agreement = negotiate(offer)
        assert agreement.kinds == ["video"]
        assert not agreement.sections[0].bundled


def test_the_lines_of_a_second_section_outside_the_bundle_are_rejected_when_it_does_not_send() -> None:
    offer = OFFER.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 1").replace("a=sendonly", "a=inactive")
    assert directions(negotiate(offer)) == ["rejected", "recvonly"]


@pytest.mark.parametrize(
    ("lines", "agreed"),
    [
        ("a=extmap:2/sendonly {uri}\n", 2),
        ("a=extmap:2/sendrecv {uri}\n", 2),
        ("a=extmap:2/recvonly {uri}\n", 0),
        ("a=extmap:2/inactive {uri}\n", 0),
        ("a=extmap:0 {uri}\na=extmap:x {uri}\na=extmap:\na=extmap:5 {uri} and more\n", 5),
        ("a=extmap:2 {uri}\na=extmap:3 {uri}\n", 2),
    ],
)
def test_extensions_that_the_sender_sends_are_read(lines: str, agreed: int) -> None:
    offer = OFFER.replace(f"a=extmap:2 {ABS_SEND_TIME}\n", lines.format(uri=ABS_SEND_TIME))
    assert negotiate(offer).extension("video", ABS_SEND_TIME) == agreed


def test_one_id_means_one_extension() -> None:
    offer = OFFER.replace("a=extmap:2", f"a=extmap:2 {TRANSPORT_CC}\na=extmap:2")
    agreement = negotiate(offer)
    assert agreement.extension("video", TRANSPORT_CC) == 2
    assert agreement.extension("video", ABS_SEND_TIME) == 0


def test_an_extension_may_be_offered_for_all_sections_at_once() -> None:
    offer = OFFER.replace("t=0 0\n", f"t=0 0\na=extmap:7 {TRANSPORT_CC}\n")
    assert [negotiate(offer).extension(kind, TRANSPORT_CC) for kind in ("audio", "video")] == [7, 7]


def test_our_preference_is_by_rank_and_within_one_the_sender_s() -> None:
    h264_first = OFFER.replace("SAVPF 96 97 98 102", "SAVPF 102 98 96 97").replace("theora", "VP9")
    video = negotiate(h264_first).received[1]
    assert [codec.payload_type for codec in video.codecs] == [102, 96, 98, 97]


@given(st.text())
def test_text_is_no_offer(text: str) -> None:
    with pytest.raises(BadOffer):
        negotiate(text)


@given(
    name=st.sampled_from(sorted(OFFERS)),
    drop=st.integers(0, 500),
    at=st.integers(0, 10_000),
    junk=st.text("abc019:=/ -_;*\r\n\x00é", max_size=12),
)
def test_a_mangled_offer_is_answered_or_refused(name: str, drop: int, at: int, junk: str) -> None:
    offer = OFFERS[name]
    lines = (offer[:at] + junk + offer[at:]).splitlines()
    del lines[drop % len(lines)]
    try:
        agreement = negotiate("\n".join(lines))
    except ServiceError:
        return
    assert agreement.received
    assert agreement.sections[agreement.tagged].direction != "rejected"
