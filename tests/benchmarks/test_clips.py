"""Clips that are encoded for tests and benchmarks."""

import os

import pytest

from argusd.benchmarks.peers.clips import ENCODERS, VideoName, video_clip


@pytest.mark.parametrize("codec", ENCODERS)
def test_encoding_leaves_the_threads_priority_as_it_was(codec: VideoName) -> None:
    before = os.sched_getscheduler(0)
    assert len(video_clip(codec, 96, 64, 3)) == 3
    assert os.sched_getscheduler(0) == before
