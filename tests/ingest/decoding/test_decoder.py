"""Frames decoded in their own thread: the same pixels as FFmpeg makes, and never waited for."""

import threading
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.benchmarks.peers.clips import OPTIONS, Scene, VideoName, own_priority, video_clip
from argusd.ingest.codecs import vp9
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.decoding import decoder as decoder_module
from argusd.ingest.decoding.decoder import MAX_HELD, SHOWN_LATE_NS, DecodeJob, VideoDecoder
from argusd.ingest.decoding.opening import open_decoder
from argusd.ingest.errors import ArenaFull, RingClosed
from argusd.ingest.shm.arena import Arena
from argusd.ingest.shm.frame import FrameFlag, FrameInfo, plane_shapes
from argusd.ingest.shm.sink import FrameSink
from argusd.scheduler.contract.media import Orientation, upright

from ...waiting import LONGEST_S

# SEI message 47 (ITU-T H.264 D.1.27): not cancelled, no flips, a quarter against the clock, for this picture.
DISPLAY_ORIENTATION = (
    b"\x00\x00\x00\x01\x06\x2f\x03" + bytes((0b000_01000, 0b00000000, 0b000_1_0_1_00)) + b"\x80"
)


# libvpx's options for streams whose every other frame no frame is predicted from.
TEMPORAL_LAYERS = {
    "two": "ts_number_layers=2:ts_target_bitrate=400,800:ts_rate_decimator=2,1:ts_periodicity=2"
    ":ts_layer_id=0,1:ts_layering_mode=2",
    "three": "ts_number_layers=3:ts_target_bitrate=300,500,800:ts_rate_decimator=4,2,1:ts_periodicity=4"
    ":ts_layer_id=0,2,1,2:ts_layering_mode=3",
}


class RecordingSink(FrameSink):
    """Keeps what is written; ``hold`` makes the decoder's thread wait in the middle of a write."""

    def __init__(self) -> None:
        super().__init__(Arena(1 << 20), 2, lambda _ring: None)
        self.written: list[tuple[FrameInfo, list[NDArray[np.uint8]]]] = []
        self.arrived = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()
        self.refusal: Exception | None = None

    def write(self, planes: Sequence[NDArray[np.uint8]], info: FrameInfo) -> None:
        self.arrived.release()
        assert self.go_on.wait(LONGEST_S)
        if self.refusal is not None:
            raise self.refusal
        self.written.append((info, [plane.copy() for plane in planes]))

    def await_frames(self, count: int) -> None:
        for _ in range(count):
            assert self.arrived.acquire(timeout=LONGEST_S)


class CountingDecoder(VideoDecoder):
    """Counts the pictures that were decoded, published or not."""

    decoded = 0

    def _decode(self, context: av.VideoCodecContext, work: DecodeJob) -> list[av.VideoFrame] | None:
        pictures = super()._decode(context, work)
        self.decoded += len(pictures or ())
        return pictures


def finish(decoder: VideoDecoder) -> None:
    """End the thread, and wait for it as the product never does."""
    decoder.close()
    finish_thread()


def finish_thread() -> None:
    for thread in threading.enumerate():
        if thread.name == "video-decoder":
            thread.join(LONGEST_S)


def work(codec: str, data: bytes, timestamp: int = 0, flags: FrameFlag = FrameFlag.NONE) -> DecodeJob:
    return DecodeJob(codec, data, timestamp, captured_ns=5, arrival_ns=6, flags=flags)


def submit(decoder: VideoDecoder, codec: str, packets: Sequence[bytes]) -> None:
    """A clip of 30 pictures a second."""
    for index, packet in enumerate(packets):
        decoder.submit(work(codec, packet, 3000 * index))


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
def failures() -> list[None]:
    return []


@pytest.fixture
def decoder(sink: RecordingSink, failures: list[None]) -> Iterator[VideoDecoder]:
    made = VideoDecoder(1920 * 1088, sink, lambda: failures.append(None))
    yield made
    sink.go_on.set()
    made.close()


def reference(codec: str, packets: Sequence[bytes]) -> list[NDArray[Any]]:
    context = av.CodecContext.create(codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    frames = [frame for packet in packets for frame in context.decode(av.Packet(packet))]
    return [frame.to_ndarray(format="yuv420p") for frame in frames + context.decode(None)]


def assert_same_pixels(planes: Sequence[NDArray[Any]], expected: NDArray[Any]) -> None:
    assert np.array_equal(np.concatenate([plane.reshape(-1) for plane in planes]), expected.reshape(-1))


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_every_pixel_arrives_with_its_frames_times_and_flags(
    codec: VideoName, sink: RecordingSink, decoder: VideoDecoder
) -> None:
    name = VIDEO_CODECS[codec].decoder
    packets = video_clip(codec, 130, 98, 5)
    for index, packet in enumerate(packets):
        decoder.submit(work(name, packet, 3000 * index, FrameFlag.SUSPECT if index == 3 else FrameFlag.NONE))
    sink.await_frames(5)
    finish(decoder)
    for index, ((info, planes), expected) in enumerate(
        zip(sink.written, reference(name, packets), strict=True)
    ):
        assert_same_pixels(planes, expected)
        assert (info.width, info.height, info.rtp_timestamp) == (130, 98, 3000 * index)
        assert (info.captured_ns, info.arrival_ns) == (5, 6)
        assert info.flags == (FrameFlag.SUSPECT if index == 3 else FrameFlag.NONE)
    assert decoder.frames == 5
    assert not decoder.dropped


def test_pictures_that_nobody_looks_at_are_decoded_and_not_published(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    packets = video_clip("h264", 130, 98, 7)
    decoder.thin(15.0)
    submit(decoder, "h264", packets)
    sink.await_frames(4)
    finish(decoder)
    expected = reference("h264", packets)[::2]
    for (_, planes), picture in zip(sink.written, expected, strict=True):
        assert_same_pixels(planes, picture)
    assert (decoder.frames, decoder.dropped) == (4, {"not_shown": 3})


@pytest.mark.parametrize("layers", TEMPORAL_LAYERS)
def test_frames_that_nobody_looks_at_and_none_is_predicted_from_are_not_decoded(
    layers: str, sink: RecordingSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"ts-parameters": TEMPORAL_LAYERS[layers], "error-resilient": "default"}
    monkeypatch.setitem(OPTIONS, "vp8", OPTIONS["vp8"] | options)
    packets = video_clip.__wrapped__("vp8", 130, 98, 21)
    decoder = CountingDecoder(1920 * 1088, sink, lambda: None)
    decoder.thin(15.0)
    for index, packet in enumerate(packets):
        decoder.submit(work("vp8", packet, 3000 * index)._replace(discardable=index % 2 == 1))
    sink.await_frames(11)
    finish(decoder)
    for (_, planes), picture in zip(sink.written, reference("vp8", packets)[::2], strict=True):
        assert_same_pixels(planes, picture)
    assert (decoder.frames, decoder.decoded, decoder.dropped) == (11, 11, {"not_shown": 10})


def test_a_picture_that_waits_for_the_next_one_is_published_where_none_comes(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    packets = video_clip("vp8", 130, 98, 2)
    decoder.thin(15.0)
    submit(decoder, "vp8", packets)
    sink.await_frames(1)
    decoder.show_newest(6 + SHOWN_LATE_NS - 1)
    assert decoder.backlog == 1
    decoder.show_newest(6 + SHOWN_LATE_NS)
    sink.await_frames(1)
    finish(decoder)
    assert [info.rtp_timestamp for info, _ in sink.written] == [0, 3000]


def test_a_sender_of_more_pictures_than_any_camera_is_not_waited_for(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    packets = video_clip("vp8", 130, 98, 1 + MAX_HELD)
    decoder.thin(15.0)
    for index, packet in enumerate(packets):
        decoder.submit(work("vp8", packet, index))
    sink.await_frames(2)
    assert decoder.backlog == 0
    finish(decoder)
    assert [info.rtp_timestamp for info, _ in sink.written] == [0, MAX_HELD]


def test_what_waits_for_the_next_picture_is_dropped_with_the_rest(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    packets = video_clip("vp8", 130, 98, 2)
    decoder.thin(15.0)
    submit(decoder, "vp8", packets)
    sink.await_frames(1)
    assert decoder.clear() == 1
    assert decoder.backlog == 0


def test_the_codec_may_change_between_frames(sink: RecordingSink, decoder: VideoDecoder) -> None:
    codecs: tuple[VideoName, ...] = ("vp8", "h264", "vp9", "av1", "vp8")
    for codec in codecs:
        decoder.submit(work(VIDEO_CODECS[codec].decoder, video_clip(codec, 64, 64, 1)[0]))
    sink.await_frames(5)
    finish(decoder)
    assert [(info.width, info.height) for info, _ in sink.written] == [(64, 64)] * 5


def test_after_a_restart_a_picture_is_none_that_was_shown_before(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    packet = video_clip("vp8", 64, 64, 1)[0]
    for number in (1, 2):
        decoder.submit(work("vp8", packet)._replace(arrival_ns=number * 10**9))
    decoder.submit(work("vp8", packet)._replace(arrival_ns=2 * 10**9 + 1))
    sink.await_frames(2)
    assert decoder.dropped == {"repeated": 1}
    decoder.restart()
    decoder.submit(work("vp8", packet)._replace(arrival_ns=3 * 10**9))
    sink.await_frames(1)
    finish(decoder)
    assert decoder.dropped == {"repeated": 1}


@pytest.mark.parametrize("turn", [Orientation(1), Orientation(2), Orientation(3, mirrored=True)])
def test_a_picture_is_turned_upright_before_it_is_written(
    turn: Orientation, sink: RecordingSink, decoder: VideoDecoder
) -> None:
    packet = video_clip("vp8", 130, 98, 1)[0]
    decoder.submit(work("vp8", packet)._replace(orientation=turn))
    decoder.submit(work("vp8", packet))
    sink.await_frames(2)
    finish(decoder)
    (info, planes), (_, straight) = sink.written
    assert (info.width, info.height) == ((98, 130) if turn.quarters % 2 else (130, 98))
    assert [plane.shape for plane in planes] == plane_shapes(info)
    for plane, expected in zip(planes, upright(straight, turn), strict=True):
        assert np.array_equal(plane, expected)


def test_what_an_h264_stream_says_of_its_orientation_holds(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    straight = video_clip("h264", 64, 48, 1)[0]
    turned = straight.replace(b"\x00\x00\x00\x01\x67", DISPLAY_ORIENTATION + b"\x00\x00\x00\x01\x67", 1)
    decoder.submit(work("h264", turned))
    decoder.submit(work("h264", straight)._replace(orientation=Orientation(3)))
    sink.await_frames(2)
    finish(decoder)
    (info, planes), (_, expected) = sink.written
    assert (info.width, info.height) == (48, 64)
    assert np.array_equal(planes[0], expected[0])


def test_of_spatial_layers_the_last_is_the_picture(sink: RecordingSink, decoder: VideoDecoder) -> None:
    layers = [video_clip("vp9", width, width, 1)[0] for width in (64, 128)]
    decoder.submit(work("vp9", vp9.join([b"\x08" + layer for layer in layers]), 3000))
    decoder.submit(work("vp9", video_clip("vp9", 64, 64, 1)[0], 6000))
    sink.await_frames(2)
    finish(decoder)
    assert [(info.width, info.rtp_timestamp) for info, _ in sink.written] == [(128, 3000), (64, 6000)]


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_a_picture_larger_than_allowed_is_refused_by_every_decoder(
    codec: VideoName, sink: RecordingSink, failures: list[None]
) -> None:
    small = VideoDecoder(128 * 128 - 1, sink, lambda: failures.append(None))
    small.submit(work(VIDEO_CODECS[codec].decoder, video_clip(codec, 128, 128, 1)[0]))
    finish(small)
    assert small.dropped == {"decode_error": 1}
    assert sink.written == []


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_a_decoder_has_no_threads_and_holds_no_picture_back(codec: VideoName) -> None:
    before = psutil.Process().num_threads()
    context = open_decoder(VIDEO_CODECS[codec].decoder, 1920 * 1088)
    assert [len(context.decode(av.Packet(data))) for data in video_clip(codec, 130, 98, 5)] == [1] * 5
    assert psutil.Process().num_threads() <= before  # one of an earlier test may end meanwhile


def test_ten_bits_a_sample_are_not_taken(sink: RecordingSink, decoder: VideoDecoder) -> None:
    decoder.submit(work("libdav1d", encode_ten_bits()))
    finish(decoder)
    assert decoder.dropped == {"pixel_format": 1}


def encode_ten_bits() -> bytes:
    encoder = av.CodecContext.create("libsvtav1", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p10le"
    encoder.time_base, encoder.options = Fraction(1, 30), OPTIONS["av1"]
    picture = Scene(64, 64).picture(0).reformat(format="yuv420p10le")
    with own_priority():
        return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_the_size_may_change_with_any_keyframe(
    codec: VideoName, sink: RecordingSink, decoder: VideoDecoder
) -> None:
    sizes = [(64, 64), (128, 96), (96, 128), (64, 64)]
    clips = [video_clip(codec, *size, 2) for size in sizes]
    for number, packet in enumerate(packet for clip in clips for packet in clip):
        decoder.submit(work(VIDEO_CODECS[codec].decoder, packet, 3000 * number))
    sink.await_frames(8)
    finish(decoder)
    assert [(info.width, info.height) for info, _ in sink.written] == [s for s in sizes for _ in range(2)]
    assert not decoder.dropped


def test_damage_is_reported_and_the_next_keyframe_decodes(
    sink: RecordingSink, decoder: VideoDecoder, failures: list[None]
) -> None:
    keyframe = video_clip("vp8", 64, 48, 1)[0]
    decoder.submit(work("vp8", b"\x00" * 20))
    decoder.submit(work("vp8", keyframe))
    sink.await_frames(1)
    assert decoder.dropped == {"decode_error": 1}
    assert len(failures) == 1


class AwaitedSink(RecordingSink):
    """Tells when a certain frame came."""

    def __init__(self, timestamp: int) -> None:
        super().__init__()
        self._timestamp = timestamp
        self.came = threading.Event()

    def write(self, planes: Sequence[NDArray[np.uint8]], info: FrameInfo) -> None:
        if info.rtp_timestamp == self._timestamp:
            self.came.set()


@settings(max_examples=40)
@given(
    codec=st.sampled_from(sorted(VIDEO_CODECS)),
    frame=st.integers(0, 3),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=30),
)
def test_whatever_a_frame_holds_a_keyframe_soon_decodes(
    codec: VideoName, frame: int, changes: list[tuple[int, int]]
) -> None:
    sink, name = AwaitedSink(9000), VIDEO_CODECS[codec].decoder
    decoder = VideoDecoder(1920 * 1088, sink, lambda: None)
    clip = video_clip(codec, 64, 64, 4)
    hostile = bytearray(clip[frame])
    for place, value in changes:
        hostile[place % len(hostile)] = value
    decoder.submit(work(name, clip[0]))
    decoder.submit(work(name, bytes(hostile), 3000))
    decoder.submit(work(name, clip[0], 6000))  # dav1d may have something left of the other, and fail here
    decoder.submit(work(name, clip[0], 9000))
    assert sink.came.wait(LONGEST_S)
    decoder.close()


def test_a_size_that_is_refused_does_not_stay_with_the_decoder(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    keyframe = video_clip("vp9", 64, 64, 4)[0]
    too_wide = keyframe[:4] + b"\x09" + keyframe[5:]
    submit(decoder, "vp9", [keyframe, too_wide, keyframe, keyframe])  # FFmpeg refuses the third as well
    sink.await_frames(2)
    finish(decoder)
    assert (decoder.frames, decoder.dropped) == (2, {"decode_error": 2})


def test_after_a_fault_of_ours_the_next_keyframe_decodes(
    sink: RecordingSink,
    decoder: VideoDecoder,
    failures: list[None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    packet = video_clip("vp8", 64, 64, 1)[0]
    monkeypatch.setattr(decoder_module, "describe", fault)
    for _ in range(3):
        decoder.submit(work("vp8", packet))
        finish_thread()
    monkeypatch.undo()
    decoder.submit(work("vp8", packet))
    sink.await_frames(1)
    finish(decoder)
    assert (decoder.frames, decoder.dropped, len(failures)) == (1, {"decoder_fault": 3}, 3)
    assert len(caplog.records) == 1


def fault(*_: object) -> FrameInfo:
    raise IndexError("a bug")


def test_a_full_arena_costs_the_frame_only(sink: RecordingSink, decoder: VideoDecoder) -> None:
    sink.refusal = ArenaFull("full")
    first, second = video_clip("vp8", 64, 48, 2)
    decoder.submit(work("vp8", first))
    sink.await_frames(1)
    decoder.submit(work("vp8", second))
    sink.await_frames(1)
    finish(decoder)
    assert decoder.frames == 0
    assert decoder.dropped == {"arena_full": 2}


def test_close_returns_while_the_thread_is_busy_and_what_waited_is_gone(
    sink: RecordingSink, decoder: VideoDecoder
) -> None:
    sink.go_on.clear()
    first, second = video_clip("vp8", 64, 48, 2)
    decoder.submit(work("vp8", first))
    sink.await_frames(1)  # the thread is in the middle of the first frame now
    decoder.submit(work("vp8", second))
    assert decoder.backlog == 1
    decoder.close()
    assert sink.written == []
    sink.refusal = RingClosed("over")
    finish_after = threading.active_count()
    sink.go_on.set()
    finish(decoder)
    assert threading.active_count() < finish_after
    assert not sink.arrived.acquire(blocking=False)


def test_clear_tells_how_many_waited(sink: RecordingSink, decoder: VideoDecoder) -> None:
    sink.go_on.clear()
    first, second = video_clip("vp8", 64, 48, 2)
    decoder.submit(work("vp8", first))
    sink.await_frames(1)
    for _ in range(3):
        decoder.submit(work("vp8", second))
    assert decoder.clear() == 3
    assert decoder.backlog == 0
