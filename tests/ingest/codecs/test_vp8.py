"""VP8: descriptors as aiortc reads them, sizes as the encoder wrote them."""

import pytest
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.peers.clips import video_clip
from argusd.ingest.codecs.bitstream import FrameHead
from argusd.ingest.codecs.vp8 import depayload, discardable, inspect


@given(
    start=st.integers(0, 1),
    partition=st.integers(0, 15),
    picture=st.none() | st.integers(0, 2**15 - 1),
    level=st.none() | st.integers(0, 255),
    layer=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 1)),
    key=st.none() | st.integers(0, 31),
    body=st.binary(max_size=20),
)
def test_every_descriptor_is_stripped(
    start: int,
    partition: int,
    picture: int | None,
    level: int | None,
    layer: tuple[int, int] | None,
    key: int | None,
    body: bytes,
) -> None:
    descriptor = VpxPayloadDescriptor(start, partition, picture, level, layer, key)
    data, starts_frame = depayload(bytes(descriptor) + body)
    assert data == body
    assert starts_frame == (start == 1 and partition == 0)


def test_the_descriptor_tells_frames_that_no_other_is_predicted_from() -> None:
    assert [discardable(payload) for payload in (b"\x10a", b"\x30a", b"\xb0\x00a")] == [False, True, True]


@given(st.binary(max_size=8))
def test_any_payload_is_stripped_or_refused_with_a_value_error(payload: bytes) -> None:
    try:
        fragment = depayload(payload)
    except ValueError:
        return
    assert payload.endswith(fragment.data)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (642, 362)])
def test_a_keyframe_tells_its_size_and_other_frames_tell_nothing(width: int, height: int) -> None:
    first, second = video_clip("vp8", width, height, 2)
    assert inspect(first) == FrameHead(keyframe=True, size=(width, height))
    assert inspect(second) == FrameHead(keyframe=False)


@pytest.mark.parametrize("frame", [bytes(9), bytes(20)])
def test_a_damaged_keyframe_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        inspect(frame)
