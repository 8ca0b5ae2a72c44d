"""What becomes of camera and microphone while a page publishes: nothing leaves an old finding standing."""

import pytest

from ..live_daemon import Daemon
from .page import on_air
from .remote import Browser
from .watch import one_face

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

UNPLUGGED = {
    "stop": "sender('video').track.stop()",
    "remove-track": "peer.removeTrack(sender('video'))",
    "replace-by-nothing": "sender('video').replaceTrack(null)",
}


async def test_a_muted_camera_shows_nobody_until_it_is_back(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    """A browser sends black pictures then: nothing is lost, but nobody is there."""
    async with on_air(daemon, browser, page, "muted") as (watch, tab):
        await tab.run("sender('video').track.enabled = false")
        await watch.event("face_absent", "start")
        await tab.run("sender('video').track.enabled = true")
        await watch.event("face_absent", "end")
        await watch.event("face", having=one_face)
        assert watch.violations() == [("face_absent", "start"), ("face_absent", "end")]


@pytest.mark.parametrize("how", UNPLUGGED)
async def test_an_unplugged_camera_is_missed_while_the_sound_goes_on(
    daemon: Daemon, browser: Browser, page: str, how: str
) -> None:
    async with on_air(daemon, browser, page, f"unplugged-{how}") as (watch, tab):
        await tab.run(UNPLUGGED[how])
        await watch.together(("track_stale", "update"), ("video_lost", "start"))
        face = (await watch.results())["streams"]["face"]
        assert (face["state"], face["data"]["face_count"], face["data"]["faces"]) == ("unknown", None, [])
        await watch.event("speech", "end")
        assert watch.violations() == [("video_lost", "start")]


async def test_a_camera_that_is_plugged_in_again_is_seen_again(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    async with on_air(daemon, browser, page, "plugged-in") as (watch, tab):
        await tab.run("window.plugged = sender('video'); plugged.replaceTrack(null)")
        await watch.event("video_lost", "start")
        await tab.run("plugged.replaceTrack(camera.getVideoTracks()[0])")
        await watch.together(("track_live", "update"), ("video_lost", "end"))
        await watch.event("face", having=one_face)
        assert watch.violations() == [("video_lost", "start"), ("video_lost", "end")]


async def test_a_microphone_stopped_in_mid_speech_speaks_no_more(
    daemon: Daemon, browser: Browser, page: str
) -> None:
    asked = {"speech_detected": {"enabled": True}, "audio_lost": {"enabled": True}}
    async with on_air(daemon, browser, page, "mid-speech", policy=asked) as (watch, tab):
        await watch.event("speech_detected", "start")
        await tab.run("sender('audio').track.stop()")
        await watch.together(
            ("track_stale", "update"), ("audio_lost", "start"), ("speech", "end"), ("speech_detected", "end")
        )
        audio = (await watch.results())["streams"]["audio"]
        assert (audio["state"], audio["data"]["has_speech"]) == ("unknown", None)
        await watch.event("face", having=one_face)


async def test_a_muted_microphone_is_silent_and_not_lost(daemon: Daemon, browser: Browser, page: str) -> None:
    asked = {"speech_detected": {"enabled": True}, "audio_lost": {"enabled": True}}
    async with on_air(daemon, browser, page, "muted-sound", policy=asked) as (watch, tab):
        await watch.event("speech_detected", "start")
        await tab.run("sender('audio').track.enabled = false")
        await watch.event("speech_detected", "end")
        for _ in range(4):  # seconds
            await watch.event("audio", having=lambda data: not data["has_speech"])
        assert watch.violations()[-1] == ("speech_detected", "end")


@pytest.mark.parametrize(
    ("how", "size"),
    [
        ("sender('video').track.applyConstraints({width: 320, height: 240})", (320, 240)),
        ("canvasCamera(960, 720).then(track => sender('video').replaceTrack(track))", (960, 720)),
        ("canvasCamera(480, 640).then(track => sender('video').replaceTrack(track))", (480, 640)),
    ],
    ids=["smaller", "larger", "upright"],
)
async def test_a_camera_of_another_size_is_seen_on(
    daemon: Daemon, browser: Browser, page: str, how: str, size: tuple[int, int]
) -> None:
    async with on_air(daemon, browser, page, f"size-{size[0]}") as (watch, tab):
        await tab.run(how)
        await watch.track("video", having=lambda track: (track["width"], track["height"]) == size)
        for _ in range(2):
            await watch.event("face", having=one_face)
        assert watch.violations() == []
        assert "track_stale" not in {event.name for event in watch.seen}
