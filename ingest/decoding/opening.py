"""Decoders of FFmpeg: its own on the CPU, or NVIDIA's on a GPU (NVDEC).

Pictures that a GPU decoded are copied to the host by FFmpeg, as NV12. No line of that way has run on a GPU.
"""

import logging
from functools import cache

import av
from av.codec.context import Flags
from av.codec.hwaccel import HWAccel

log = logging.getLogger(__name__)

# What is decoded by a library on the CPU has a decoder of another name on a GPU.
ON_GPU = {"libdav1d": "av1"}


def open_decoder(codec: str, max_pixels: int, on_gpu: bool = False) -> av.VideoCodecContext:
    """A single-threaded, undelayed decoder that refuses pictures of more than ``max_pixels``.

    ``on_gpu``: a GPU's, if it takes the codec and has room for one more decoder.
    """
    context = (_on_gpu(codec) if on_gpu else None) or av.CodecContext.create(codec, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1
    context.flags |= Flags.low_delay
    context.options = {"max_pixels": str(max_pixels)}
    return context


def _on_gpu(codec: str) -> av.CodecContext | None:
    try:
        return av.CodecContext.create(ON_GPU.get(codec, codec), "r", HWAccel("cuda"))
    except (av.FFmpegError, NotImplementedError, RuntimeError) as error:
        _refused(codec, str(error))
        return None


@cache
def _refused(codec: str, why: str) -> None:
    """Said once for each codec and reason."""
    log.warning("the GPU does not decode %s, the CPU does: %s", codec, why)
