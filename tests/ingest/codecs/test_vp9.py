"""VP9: payloads as FFmpeg cuts them, descriptors as RFC 9628 draws them, sizes as libvpx wrote them."""

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.packetizer import Packetizer
from argusd.ingest.codecs.bitstream import FrameHead
from argusd.ingest.codecs.vp9 import depayload, inspect, join

BEGINS = 0x08


def test_the_payloads_of_a_frame_join_to_it_and_only_the_first_starts_it() -> None:
    packetizer = Packetizer("vp9")
    for frame in video_clip("vp9", 320, 240, 3):
        fragments = [depayload(payload) for payload in packetizer.payloads(frame)]
        assert [fragment.starts_frame for fragment in fragments] == [True] + [False] * (len(fragments) - 1)
        assert join([fragment.data for fragment in fragments]) == frame


@st.composite
def descriptors(draw: st.DrawFn) -> tuple[bytes, bool]:
    """A payload descriptor as section 4.2 draws it, and whether a picture starts with it."""
    flexible, begins, predicted = (draw(st.booleans()) for _ in range(3))
    picture = draw(st.none() | st.integers(0, 0x7FFF))
    layers = draw(st.none() | st.tuples(st.integers(0, 7), st.booleans(), st.integers(0, 7), st.booleans()))
    structure = draw(st.none() | structures())
    first = (
        flexible << 4 | begins << 3 | predicted << 6 | draw(st.integers(0, 1)) << 2 | draw(st.integers(0, 1))
    )
    body = b""
    if picture is not None:
        first |= 0x80
        long = picture > 0x7F or draw(st.booleans())
        body += (0x8000 | picture).to_bytes(2, "big") if long else bytes((picture,))
    if layers is not None:
        first |= 0x20
        temporal, switch, spatial, depends = layers
        body += bytes((temporal << 5 | switch << 4 | spatial << 1 | depends,))
        if not flexible:
            body += bytes((draw(st.integers(0, 255)),))  # TL0PICIDX
    if flexible and predicted:
        differences = draw(st.lists(st.integers(1, 127), min_size=1, max_size=3))
        body += bytes(value << 1 | (index < len(differences) - 1) for index, value in enumerate(differences))
    if structure is not None:
        first |= 0x02
        body += structure
    return bytes((first,)) + body, begins and (layers is None or layers[2] == 0)


@st.composite
def structures(draw: st.DrawFn) -> bytes:
    """A scalability structure (section 4.2.1)."""
    layers = draw(st.integers(0, 7))
    sizes = draw(st.none() | st.binary(min_size=4 * (layers + 1), max_size=4 * (layers + 1)))
    group = draw(st.none() | st.lists(st.lists(st.integers(0, 255), max_size=3), max_size=5))
    head = layers << 5 | (sizes is not None) << 4 | (group is not None) << 3
    body = sizes or b""
    if group is not None:
        body += bytes((len(group),))
        body += b"".join(bytes((len(references) << 2,)) + bytes(references) for references in group)
    return bytes((head,)) + body


@given(descriptor=descriptors(), body=st.binary(min_size=1, max_size=20))
def test_every_descriptor_is_stripped(descriptor: tuple[bytes, bool], body: bytes) -> None:
    head, starts = descriptor
    data, starts_frame = depayload(head + body)
    assert (join([data]), starts_frame) == (body, starts)


@given(descriptor=descriptors())
def test_a_truncated_descriptor_is_refused_and_one_without_a_body_is_padding(
    descriptor: tuple[bytes, bool],
) -> None:
    head, _ = descriptor
    assert depayload(head).data == b""
    with pytest.raises(ValueError, match="truncated"):
        depayload(head[:-1])


@given(st.binary(max_size=30))
def test_any_payload_is_stripped_or_refused_with_a_value_error(payload: bytes) -> None:
    try:
        fragment = depayload(payload)
    except ValueError:
        return
    assert payload.endswith(fragment.data[1:])


def test_more_references_than_there_may_be_are_refused() -> None:
    with pytest.raises(ValueError, match="three"):
        depayload(b"\x58\x03\x03\x03\x03" + bytes(20))


def test_the_layers_of_a_picture_become_a_superframe() -> None:
    layers = [video_clip("vp9", width, width, 1)[0] for width in (64, 128)]
    cut = [[b"\x28" + layer[:700], b"\x20" + layer[700:]] for layer in layers]
    superframe = join([part for parts in cut for part in parts])
    context = av.CodecContext.create("vp9", "r")
    assert isinstance(context, av.VideoCodecContext)
    assert [picture.width for picture in context.decode(av.Packet(superframe))] == [64, 128]
    assert inspect(superframe) == FrameHead(keyframe=True, size=(128, 128))


def test_more_layers_than_a_superframe_holds_are_refused() -> None:
    assert join([b"\x08a"] * 8).startswith(b"aaaaaaaa")
    with pytest.raises(ValueError, match="layers"):
        join([b"\x08a"] * 9)


@pytest.mark.parametrize(("width", "height"), [(64, 48), (642, 362), (321, 241)])
def test_a_keyframe_tells_its_size_and_other_frames_tell_nothing(width: int, height: int) -> None:
    first, second = video_clip("vp9", width, height, 2) if width % 2 == 0 else odd_clip(width, height)
    assert inspect(first) == FrameHead(keyframe=True, size=(width, height))
    assert inspect(second) == FrameHead(keyframe=False)


def odd_clip(width: int, height: int) -> tuple[bytes, bytes]:
    """Two frames of a grey picture: the benchmarks' scene has even sides."""
    encoder = av.CodecContext.create("libvpx-vp9", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    grey = av.VideoFrame(width, height, "yuv420p")
    first, second = (bytes(packet) for _ in range(2) for packet in encoder.encode(grey))
    return first, second


@pytest.mark.parametrize(
    ("head", "keyframe"),
    [
        (0b10_0_0_0_0_1_0 << 120 | 0x498342 << 96 | 0b001_0 << 92 | 319 << 76 | 239 << 60, True),  # 8 bits
        (0b10_0_1_0_0_1_0 << 120 | 0x498342 << 96 | 0b0_001_0 << 91 | 319 << 75 | 239 << 59, True),  # 10 bits
        (0b10_1_0_0_0_1_0 << 120 | 0x498342 << 96 | 0b001_0_000 << 89 | 319 << 73 | 239 << 57, True),  # 4:4:4
        (0b10_0_0_1_000 << 120, False),  # show_existing_frame
    ],
)
def test_the_uncompressed_header_of_every_profile_is_read(head: int, keyframe: bool) -> None:
    assert inspect(head.to_bytes(16, "big")) == FrameHead(keyframe, (320, 240) if keyframe else None)


@pytest.mark.parametrize(
    "frame", [b"", b"\x00" * 20, b"\x82" + bytes(20), video_clip("vp9", 64, 48, 1)[0][:7]]
)
def test_a_damaged_keyframe_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError, match="VP9"):
        inspect(frame)


def test_a_damaged_superframe_index_is_refused() -> None:
    marker = b"\xd9"  # two frames, sizes of four bytes
    frame = video_clip("vp9", 64, 48, 1)[0]
    sizes = (len(frame)).to_bytes(4, "little") + (1 << 30).to_bytes(4, "little")
    with pytest.raises(ValueError, match="index"):
        inspect(frame + marker + sizes + marker)


@given(st.binary(max_size=80), st.booleans())
def test_any_frame_is_inspected_or_refused_with_a_value_error(frame: bytes, key: bool) -> None:
    try:
        head = inspect((b"\x82\x49\x83\x42" if key else b"\x86") + frame)
    except ValueError:
        return
    assert head.size is None or min(head.size) > 0
