"""A decoded picture's planes."""

import gc

import av
import pytest

from argusd.benchmarks.peers.clips import VideoName, video_clip
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.decoding.opening import open_decoder
from argusd.ingest.decoding.picture import upright_planes
from argusd.scheduler.contract.media import UPRIGHT


def held() -> int:
    """How many pictures are held in this process; a decoder holds an empty one for its next."""
    # By their types: others' objects may import or warn when they are asked for their class.
    return sum(type(each) is av.VideoFrame and each.width > 0 for each in gc.get_objects())


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_a_picture_that_was_looked_at_gives_its_memory_back_at_once(codec: VideoName) -> None:
    """Not when the garbage collector comes: the decoder uses it again."""
    gc.collect()
    before = held()
    context = open_decoder(VIDEO_CODECS[codec].decoder, 320 * 240)
    encoded = [av.Packet(data) for data in video_clip(codec, 320, 240, 5)]
    pictures = [picture for packet in encoded for picture in context.decode(packet)]
    assert held() == before + len(pictures) == before + 5
    gc.disable()
    try:
        while pictures:
            upright_planes(pictures.pop(), UPRIGHT)
        assert held() == before
    finally:
        gc.enable()
