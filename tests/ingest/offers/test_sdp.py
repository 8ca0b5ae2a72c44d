"""Session descriptions as sections and attributes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.offers.sdp import first, parse, parse_fragment
from argusd.scheduler.contract.errors import BadOffer

DESCRIPTION = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=ice-lite
m=audio 9/2 UDP/TLS/RTP/SAVPF 111 0
a=mid: 0
a=rtpmap:111 opus/48000/2
a=rtpmap:0 PCMU/8000
m=video 0 UDP/TLS/RTP/SAVPF 96
"""


def test_attributes_belong_to_the_session_or_to_their_section() -> None:
    session, (audio, video) = parse(DESCRIPTION)
    assert session == {"ice-lite": [""]}
    assert (audio.kind, audio.port, audio.protocol) == ("audio", 9, "UDP/TLS/RTP/SAVPF")
    assert audio.formats == ("111", "0")
    assert audio.attributes["rtpmap"] == ["111 opus/48000/2", "0 PCMU/8000"]
    assert (audio.mid, video.mid) == ("0", "")
    assert (audio.name, video.name) == ("media section 1 (audio)", "media section 2 (video)")
    assert (first(audio.attributes, "rtpmap"), first(audio.attributes, "fmtp")) == ("111 opus/48000/2", "")


@pytest.mark.parametrize(
    "rewritten",
    [
        DESCRIPTION.replace("\n", "\r\n"),
        DESCRIPTION.replace("\n", "\r"),
        "\ufeff" + DESCRIPTION,
        "\r\n  " + DESCRIPTION,
        DESCRIPTION.rstrip(),
        DESCRIPTION.replace("\n", " \n\n"),
        DESCRIPTION.replace("t=0 0\n", "t=0 0\nb=AS:2000\nk=clear:x\nquite something else\nq\n=\n"),
    ],
)
def test_line_ends_blanks_and_unknown_lines_make_no_difference(rewritten: str) -> None:
    assert parse(rewritten) == parse(DESCRIPTION)


@pytest.mark.parametrize(
    "line",
    [
        "m=",
        "m=audio",
        "m=audio 9",
        "m=audio 9 RTP/SAVPF",
        "m=audio -9 RTP/SAVPF 0",
        "m=audio 65536 RTP/SAVPF 0",
        "m=audio ٩ RTP/SAVPF 0",
        "m=audio 999999999999 RTP/SAVPF 0",
    ],
)
def test_a_malformed_media_line_is_told_by_its_place(line: str) -> None:
    with pytest.raises(BadOffer, match=r"the m= line of media section 3 must read"):
        parse(f"{DESCRIPTION}{line}\n")


@pytest.mark.parametrize("text", ["", "hello", "a=mid:0\r\n", "V=0\r\n", "\x00v=0"])
def test_what_does_not_begin_like_sdp_is_none(text: str) -> None:
    with pytest.raises(BadOffer, match="does not begin with v=0"):
        parse(text)


def test_a_fragment_needs_no_beginning() -> None:
    session, (audio,) = parse_fragment("a=ice-ufrag:a\r\nm=audio 9 RTP 0\r\na=mid:0\r\na=candidate:1\r\n")
    assert first(session, "ice-ufrag") == "a"
    assert audio.attributes == {"mid": ["0"], "candidate": ["1"]}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse("v=0\n" + text)
    except BadOffer:
        assert "m" in text
