"""A peer's tracks, forwarded and used by the service itself at the same time."""

from itertools import pairwise

import pytest
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamError

from argusd.interviewer_bridge.publish.media import FPS, VIDEO_CLOCK, synthetic
from argusd.interviewer_bridge.publish.relay import relayed


async def test_both_readers_get_the_tracks_and_the_end_of_one_leaves_them_alone() -> None:
    peer, relay = synthetic(), MediaRelay()
    assert peer.video is not None
    own = relay.subscribe(peer.video)
    source = relayed(peer.video, peer.audio, relay)
    assert source.video is not None
    assert source.audio is not None
    assert (await source.video.recv()).pts == 0
    assert (await source.audio.recv()).pts == 0
    for track in source.tracks:
        track.stop()
    with pytest.raises(MediaStreamError):
        await source.video.recv()
    times = [(await own.recv()).pts or 0 for _ in range(3)]
    assert [later - earlier for earlier, later in pairwise(times)] == [1 / FPS / VIDEO_CLOCK] * 2
    for track in (own, *peer.tracks):
        track.stop()


async def test_a_peer_without_a_microphone_is_forwarded_too() -> None:
    peer = synthetic()
    source = relayed(peer.video, None)
    assert [track.kind for track in source.tracks] == ["video"]
    for track in (*source.tracks, *peer.tracks):
        track.stop()
