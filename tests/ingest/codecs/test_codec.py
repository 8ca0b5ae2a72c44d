"""The table of video codecs follows what the decoders at hand can do."""

from argusd.ingest.codecs.codec import VIDEO_CODECS, decodable
from argusd.ingest.offers.capabilities import CODECS


def test_a_codec_without_its_decoder_is_none() -> None:
    assert list(decodable(VIDEO_CODECS, {"vp8", "h264", "vp9"})) == ["vp8", "h264", "vp9"]


def test_what_is_offered_can_be_taken_apart_and_decoded() -> None:
    assert [codec.name for codec in CODECS if codec.kind == "video"] == list(VIDEO_CODECS)
    assert list(VIDEO_CODECS) == ["vp8", "h264", "vp9", "av1"]
