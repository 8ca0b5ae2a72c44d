"""What is opened at all."""

from argusd.scheduler.tasks.sound.containers import DEMUXERS

OPENS_OTHERS = ("concat", "dash", "hls", "image2", "imf", "rtsp", "sdp", "webm_dash_manifest")


def test_no_demuxer_opens_other_files() -> None:
    assert not set(DEMUXERS.values()) & set(OPENS_OTHERS)
