"""A clip of a person, encoded once: what publishers by WebRTC play."""

from fractions import Fraction

import av
import cv2
import numpy as np

from argusd.scheduler.zoo.store import ZooStore

WIDTH, HEIGHT, FPS, CLIP_SECONDS = 640, 480, 15, 4
MANY = 1_000_000


def portrait_clip(store: ZooStore) -> list[bytes]:
    """A face that drifts to and fro: ``CLIP_SECONDS`` of VP8 at ``FPS``, the first frame a keyframe."""
    store.pull(["astronaut"])
    astronaut = cv2.imread(str(store.path("astronaut")))
    assert astronaut is not None
    picture = cv2.resize(astronaut, (HEIGHT, HEIGHT))
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = Fraction(1, FPS), Fraction(FPS, 1), 800_000
    encoder.options = {"deadline": "realtime", "cpu-used": "6", "lag-in-frames": "0"}
    frames = FPS * CLIP_SECONDS
    packets: list[bytes] = []
    for number in range(frames):
        left = int((WIDTH - HEIGHT) * (1 - abs(2 * number / frames - 1)))
        canvas = cv2.copyMakeBorder(picture, 0, 0, left, WIDTH - HEIGHT - left, cv2.BORDER_REPLICATE)
        frame = av.VideoFrame.from_ndarray(canvas.astype(np.uint8), format="bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets + [bytes(packet) for packet in encoder.encode(None)]
