"""Answers: what they say follows from the offer, and other stacks take them."""

import re

import pytest
from aioice.candidate import Candidate
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import SessionDescription

from argusd.benchmarks.peers.clips import opus_clip, video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher
from argusd.ingest.decoding.picture_limit import PictureLimit
from argusd.ingest.offers.agreement import Fingerprint
from argusd.ingest.offers.answer import LocalTransport, write_answer
from argusd.ingest.offers.bitrate_limits import BitrateLimits
from argusd.ingest.offers.capabilities import TRANSPORT_CC
from argusd.ingest.offers.negotiation import negotiate

from .test_negotiation import DATA_CHANNEL, OFFER, OFFERS

LOCAL = LocalTransport(
    "user",
    "p" * 22,
    [
        Candidate("1", 1, "udp", 2130706431, "fd00::2", 4000, "host"),
        Candidate("2", 1, "udp", 2130706431, "127.0.0.1", 4001, "host"),
    ],
    Fingerprint("sha-256", ":".join(["AB"] * 32)),
)


LIMITS = BitrateLimits(start=1_000_000)


def answer_to(offer: str, local: LocalTransport = LOCAL, limits: BitrateLimits = LIMITS) -> str:
    return write_answer(negotiate(offer), local, 77, limits)


def test_an_answer_line_by_line() -> None:
    assert answer_to(OFFER + DATA_CHANNEL).splitlines() == [
        "v=0",
        "o=- 77 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1",
        "m=audio 4000 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP6 fd00::2",
        "a=mid:0",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=ice-ufrag:user",
        "a=ice-pwd:pppppppppppppppppppppp",
        f"a=fingerprint:sha-256 {LOCAL.fingerprint.value}",
        "a=setup:active",
        "a=rtpmap:111 opus/48000/2",
        "a=candidate:1 1 udp 2130706431 fd00::2 4000 typ host",
        "a=candidate:2 1 udp 2130706431 127.0.0.1 4001 typ host",
        "a=end-of-candidates",
        "m=video 4000 UDP/TLS/RTP/SAVPF 96 102 97",
        "c=IN IP6 fd00::2",
        "a=mid:1",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=ice-ufrag:user",
        "a=ice-pwd:pppppppppppppppppppppp",
        f"a=fingerprint:sha-256 {LOCAL.fingerprint.value}",
        "a=setup:active",
        "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:102 H264/90000",
        "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel",
        "c=IN IP4 0.0.0.0",
        "a=mid:2",
        "a=inactive",
        "a=ice-ufrag:user",
        "a=ice-pwd:pppppppppppppppppppppp",
        f"a=fingerprint:sha-256 {LOCAL.fingerprint.value}",
        "a=setup:active",
    ]


@pytest.mark.parametrize("name", OFFERS)
def test_every_answer_follows_from_its_offer(name: str) -> None:
    offer, answer = (SessionDescription.parse(text) for text in (OFFERS[name], answer_to(OFFERS[name])))
    assert [media.kind for media in answer.media] == [media.kind for media in offer.media]
    (bundle,) = (group.items for group in answer.group)
    assert bundle == [media.rtp.muxId for media in answer.media if media.port]
    for asked, said in zip(offer.media, answer.media, strict=True):
        assert (said.rtp.muxId, said.profile) == (asked.rtp.muxId, asked.profile)
        if said.port:
            assert said.direction == ("inactive" if asked.direction == "inactive" else "recvonly")
            assert set(said.fmt) <= set(asked.fmt)
            assert {(each.uri, each.id) for each in said.rtp.headerExtensions} <= {
                (each.uri, each.id) for each in asked.rtp.headerExtensions
            }


@pytest.mark.parametrize(
    ("limit", "frame_size", "level"),
    [
        (PictureLimit(3840 * 2160, 3840), 32_400, "34"),
        (PictureLimit(1920 * 1088, 1920), 8_160, "29"),
        (PictureLimit(1280 * 720, 1280), 3_600, "1f"),
        (PictureLimit(640 * 480, 640), 1_200, "1e"),
    ],
)
def test_the_sender_is_told_how_large_a_picture_may_be(
    limit: PictureLimit, frame_size: int, level: str
) -> None:
    answer = write_answer(negotiate(OFFER, limit), LOCAL, 77, LIMITS)
    assert f"a=fmtp:96 max-fs={frame_size}\r\n" in answer
    assert f"profile-level-id=42e0{level}\r\n" in answer


@pytest.mark.parametrize(
    ("offered", "answered"), [("actpass", "active"), ("passive", "active"), ("active", "passive")]
)
def test_our_part_in_the_handshake_is_the_one_that_is_left(offered: str, answered: str) -> None:
    answer = answer_to(OFFER.replace("a=setup:actpass", f"a=setup:{offered}"))
    assert set(re.findall("a=setup:(.*)\r\n", answer)) == {answered}


def test_trickling_is_taken_up_where_it_is_offered() -> None:
    assert "ice-options" not in answer_to(OFFER)
    offer = OFFER.replace("t=0 0\n", "t=0 0\na=ice-options:ice2 trickle\n")
    assert "\r\na=ice-options:trickle\r\nm=" in answer_to(offer)


def test_the_bundle_begins_with_the_tagged_section() -> None:
    assert "a=group:BUNDLE 1 0\r\n" in answer_to(OFFER.replace("BUNDLE 0 1", "BUNDLE 1 0"))
    assert "a=candidate" not in answer_to(OFFER.replace("BUNDLE 0 1", "BUNDLE 1 0")).split("m=video")[0]


def test_feedback_on_arrivals_is_agreed_for_both_kinds() -> None:
    for section in answer_to(OFFERS["chromium-156-default"]).split("\r\nm=")[1:]:
        assert f"a=extmap:3 {TRANSPORT_CC}\r\n" in section
        first = section.split()[3]
        assert f"a=rtcp-fb:{first} transport-cc\r\n" in section
        assert "a=rtcp-rsize\r\n" in section


def test_a_browser_is_told_with_how_much_to_begin_and_how_much_is_too_much() -> None:
    offer = OFFERS["chromium-156-h264"]
    sound, pictures = answer_to(offer).split("m=video")
    assert "a=fmtp:102 level-asymmetry-allowed=1;" in pictures
    (parameters,) = re.findall("a=fmtp:102 (.*)\r\n", pictures)
    assert parameters.endswith(";x-google-start-bitrate=1000")
    assert "b=" not in pictures
    assert "x-google" not in sound
    sound, pictures = answer_to(offer, limits=BitrateLimits(1_000_000, 700_000)).split("m=video")
    assert re.search(r"\r\nc=IN .*\r\nb=AS:700\r\nb=TIAS:700000\r\na=", pictures)
    assert "x-google-start-bitrate=700\r\n" in pictures
    assert "b=" not in sound


def test_who_knows_nothing_of_googles_gets_nothing_of_googles() -> None:
    assert "google" not in answer_to(OFFERS["gstreamer-1.22-vp8"])


def test_without_mids_and_candidates_there_are_none_in_the_answer() -> None:
    head, video = OFFER.split("m=video 9")
    alone = head.partition("m=")[0].replace("a=group:BUNDLE 0 1\n", "") + "m=video 9" + video
    answer = answer_to(alone.replace("a=mid:1\n", ""), LOCAL._replace(candidates=[]))
    assert not re.search("a=(mid|group|candidate)", answer)
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 102 97\r\nc=IN IP4 0.0.0.0\r\n" in answer


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_aiortc_takes_the_answer_to_its_own_offer(codec: str) -> None:
    tracks = [PacketTrack("video", video_clip("vp8", 64, 48, 1)), PacketTrack("audio", opus_clip(1))]
    publisher = Publisher(tracks, codec)
    publisher.peer.createDataChannel("chat")
    offer = await publisher.offer()
    await publisher.peer.setRemoteDescription(RTCSessionDescription(answer_to(offer), "answer"))
    assert [each.currentDirection for each in publisher.peer.getTransceivers()] == ["sendonly", "sendonly"]
    assert publisher.peer.signalingState == "stable"
    await publisher.close()


async def test_an_inactive_section_stays_in_the_bundle() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("audio", "inactive")
    peer.addTransceiver("video", "sendonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = answer_to(peer.localDescription.sdp)
    assert "a=group:BUNDLE 0 1\r\n" in answer
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    assert [each.currentDirection for each in peer.getTransceivers()] == ["inactive", "sendonly"]
    await peer.close()
