"""A GPU's decoder: refused where there is none, and a stand-in that gives pictures as one does."""

import logging
from typing import Any

import av
import pytest

from argusd.benchmarks.peers.clips import VideoName, video_clip
from argusd.ingest.codecs.codec import VIDEO_CODECS
from argusd.ingest.decoding import decoder as decoder_module
from argusd.ingest.decoding import opening
from argusd.ingest.decoding.decoder import VideoDecoder
from argusd.ingest.decoding.opening import open_decoder

from .test_decoder import RecordingSink, assert_same_pixels, finish, reference, submit, work

NVIDIA = "cuda" in av.codec.hwaccel.hwdevices_available()


class GpuDecoder:
    """A decoder whose pictures are NV12; it fails for its first ``refused`` frames."""

    is_hwaccel = True
    skip_frame = "DEFAULT"

    def __init__(self, codec: str, refused: int) -> None:
        self._context: Any = open_decoder(codec, 640 * 480)
        self._refused = refused

    def decode(self, packet: Any) -> list[av.VideoFrame]:
        self._refused -= 1
        if self._refused >= 0:
            raise av.error.InvalidDataError(1, "not of a form that the GPU takes")
        return [frame.reformat(format="nv12") for frame in self._context.decode(packet)]

    def flush_buffers(self) -> None:
        self._context.flush_buffers()


class Gpu:
    """Opens such decoders, and notes for whom."""

    def __init__(self, refused: int = 0) -> None:
        self._refused = refused
        self.opened: list[bool] = []

    def open(self, codec: str, max_pixels: int, on_gpu: bool) -> Any:
        self.opened.append(on_gpu)
        return GpuDecoder(codec, self._refused) if on_gpu else open_decoder(codec, max_pixels)


@pytest.mark.parametrize("codec", VIDEO_CODECS)
def test_without_a_gpu_the_cpu_decodes_and_it_is_said_once(
    codec: VideoName, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_device(*_: object) -> None:
        raise av.error.PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(opening, "HWAccel", no_device)
    opening._refused.cache_clear()
    name = VIDEO_CODECS[codec].decoder
    with caplog.at_level(logging.WARNING):
        contexts = [open_decoder(name, 640 * 480, on_gpu=True) for _ in range(2)]
    assert [context.name for context in contexts] == [name, name]
    assert [record.message.split(":")[0] for record in caplog.records] == [
        f"the GPU does not decode {name}, the CPU does"
    ]


@pytest.mark.skipif(not NVIDIA, reason="FFmpeg was built without NVIDIA's decoder")
def test_ffmpeg_is_asked_for_nvidias_decoder() -> None:
    """Where there is none its refusal is one that is known, and the CPU's is opened."""
    assert open_decoder("h264", 640 * 480, on_gpu=True).name == "h264"


def test_its_pictures_arrive_as_those_of_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, sink = Gpu(), RecordingSink()
    monkeypatch.setattr(decoder_module, "open_decoder", gpu.open)
    decoder = VideoDecoder(640 * 480, sink, lambda: None, on_gpu=True)
    packets = video_clip("h264", 130, 98, 3)
    submit(decoder, "h264", packets)
    sink.await_frames(3)
    finish(decoder)
    assert gpu.opened == [True]
    for (_, planes), expected in zip(sink.written, reference("h264", packets), strict=True):
        assert_same_pixels(planes, expected)


def test_what_it_never_makes_a_picture_of_the_cpu_decodes(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu, sink, failures = Gpu(refused=1), RecordingSink(), list[None]()
    monkeypatch.setattr(decoder_module, "open_decoder", gpu.open)
    decoder = VideoDecoder(640 * 480, sink, lambda: failures.append(None), on_gpu=True)
    packet = video_clip("h264", 128, 96, 1)[0]
    decoder.submit(work("h264", packet))
    decoder.submit(work("h264", packet, 3000))  # the keyframe that was asked for
    sink.await_frames(1)
    finish(decoder)
    assert gpu.opened == [True, False]
    assert len(failures) == 1


def test_a_damaged_frame_after_its_first_picture_is_no_reason_to_leave_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu, sink = Gpu(), RecordingSink()
    monkeypatch.setattr(decoder_module, "open_decoder", gpu.open)
    decoder = VideoDecoder(640 * 480, sink, lambda: None, on_gpu=True)
    packet = video_clip("h264", 128, 96, 1)[0]
    submit(decoder, "h264", [packet, b"\0\0\0\1\x65damaged", packet])
    sink.await_frames(2)
    finish(decoder)
    assert decoder.dropped == {"decode_error": 1}
    assert gpu.opened == [True]
