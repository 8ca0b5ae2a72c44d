from pathlib import Path

import av
import numpy as np
import pytest

from argusd.daemon.demo.sample import RATE, encode
from argusd.daemon.demo.scenes import DURATION_S, FPS, HEIGHT, WIDTH


def test_the_clip_is_whole_and_its_picture_and_sound_lie_side_by_side(tmp_path: Path) -> None:
    portrait = np.zeros((512, 512, 3), np.uint8)
    encode(portrait, np.zeros(30 * RATE, np.int16), tmp_path / "clip.webm")
    with av.open(str(tmp_path / "clip.webm")) as clip:
        video, audio = clip.streams.video[0], clip.streams.audio[0]
        assert (video.width, video.height, audio.rate) == (WIDTH, HEIGHT, RATE)
        at = {"video": 0.0, "audio": 0.0}
        for packet in clip.demux():
            if packet.pts is not None:
                at[packet.stream.type] = float(packet.pts * packet.time_base)
                assert at["video"] == pytest.approx(at["audio"], abs=0.2)
    assert at["video"] == pytest.approx(DURATION_S - 1 / FPS, abs=0.01)
    assert at["audio"] == pytest.approx(DURATION_S, abs=0.1)
