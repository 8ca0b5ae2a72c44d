"""FFmpeg's own WHIP muxer, by PyAV: ``ffmpeg_publisher.py ENDPOINT CLIP [CERTIFICATE KEY]``, both PEM files.

It plays the clip once in real time as H.264 and Opus, and deletes its resource at the end or at Ctrl-C. By
its start SDP is exchanged, a path found and the DTLS handshake done: it says ``published`` and
``connected`` then. A refusal is an error.
"""

import contextlib
import sys
import time
from typing import Any

import av


def publish(endpoint: str, source: str, *identity: str) -> None:
    """Play the clip once."""
    options = dict(zip(("cert_file", "key_file"), identity, strict=False))
    with av.open(source) as clip, av.open(endpoint, "w", format="whip", options=options) as muxer:
        encoders = add_streams(muxer, clip)
        muxer.start_encoding()
        print("published", "connected", sep="\n", flush=True)  # noqa: T201
        begin = time.monotonic()
        for packet in clip.demux():
            frame: Any
            for frame in packet.decode():
                time.sleep(max(0.0, begin + frame.time - time.monotonic()))
                muxer.mux(encoders[packet.stream.type].encode(frame))


def add_streams(muxer: Any, clip: Any) -> dict[str, Any]:
    """What the muxer takes: H.264 without B frames, keyframes often, and stereo Opus."""
    picture = clip.streams.video[0]
    video = muxer.add_stream("libx264", rate=picture.average_rate)
    video.width, video.height, video.pix_fmt, video.gop_size = picture.width, picture.height, "yuv420p", 30
    video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"}
    return {"video": video, "audio": muxer.add_stream("libopus", rate=48_000, layout="stereo")}


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        publish(*sys.argv[1:])
