"""The JavaScript client in a page of the daemon's own: it publishes, streams and asks."""

import json
from typing import Any

import pytest

from ..live_daemon import Daemon
from .remote import Browser, Tab
from .watch import Watch, one_face, watching

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]

CLIENT = """(async () => {
    const { Argusd, ArgusdError } = await import("/ui/argusd.js");
    window.argusd = new Argusd();
    const video = { width: 640, height: 480 };
    window.camera = await navigator.mediaDevices.getUserMedia({ audio: true, video });
    window.states = [];
    window.publish = async (id) => {
        window.over = new Promise((done) => {
            window.onstate = (state) => { states.push(state); if (state === "over") done(); };
        });
        window.publication = await argusd.publish(id, { stream: camera, onstate });
    };
    window.picture = async () => {
        const frame = await new ImageCapture(camera.getVideoTracks()[0]).grabFrame();
        const canvas = new OffscreenCanvas(frame.width, frame.height);
        canvas.getContext("2d").drawImage(frame, 0, 0);
        return canvas.convertToBlob({ type: "image/jpeg" });
    };
})()"""


async def test_what_it_publishes_is_found_until_it_is_closed(daemon: Daemon, browser: Browser) -> None:
    async with watching(daemon, "client") as watch, browser.tab(daemon.url) as tab:
        await publish(tab, watch)
        await watch.event("face", having=one_face)
        await tab.run("publication.close()")
        assert (await watch.event("closed")).data["reason"] == "deleted"
        assert await tab.run("states") == ["live", "over"]


async def test_a_publication_whose_worker_dies_is_made_anew(daemon: Daemon, browser: Browser) -> None:
    async with watching(daemon, "client-lost", ("face",)) as watch, browser.tab(daemon.url) as tab:
        await publish(tab, watch)
        await watch.event("face", having=one_face)
        daemon.child("ingest-0").kill()
        await watch.event("session_lost")
        await watch.event("live")
        await watch.event("face", having=one_face)
        assert await tab.run("states") == ["live", "lost", "live"]


async def test_a_session_that_somebody_deletes_is_not_made_anew(daemon: Daemon, browser: Browser) -> None:
    async with watching(daemon, "client-deleted", ("face",)) as watch, browser.tab(daemon.url) as tab:
        await publish(tab, watch)
        await tab.run(f"argusd.deleteSession('{watch.session_id}')")
        assert await tab.run("over.then(() => [states, publication.error])") == [["live", "over"], None]
        assert (
            await tab.run("argusd.session('client-deleted').catch(({ code }) => code)") == "session_not_found"
        )


async def test_pictures_that_it_streams_are_answered(daemon: Daemon, browser: Browser) -> None:
    async with watching(daemon, "client-stream", ("face",)), browser.tab(daemon.url) as tab:
        await tab.run(CLIENT)
        answer = await tab.run("""(async () => {
            const stream = await argusd.stream("client-stream", "face");
            const sending = setInterval(async () => stream.send(await picture()), 200);
            try {
                for await (const answer of stream) if (answer.face_count === 1) return answer;
            } finally {
                clearInterval(sending);
                stream.close();
            }
        })()""")
        assert (answer["stream"], len(answer["faces"])) == ("face", 1)


async def test_a_stream_that_the_daemon_ends_says_why(daemon: Daemon, browser: Browser) -> None:
    async with watching(daemon, "client-refused", ("audio",)), browser.tab(daemon.url) as tab:
        await tab.run(CLIENT)
        assert (
            await tab.run("""(async () => {
            const stream = await argusd.stream("client-refused", "audio");
            stream.send({ not: "sound" });
            try { for await (const answer of stream); } catch (error) { return error.code; }
        })()""")
            == "unsupported_media_type"
        )


async def test_it_has_a_task_done(daemon: Daemon, browser: Browser) -> None:
    async with browser.tab(daemon.url) as tab:
        await tab.run(CLIENT)
        asked = "argusd.infer('client-task', 'face_embed', { image_b64: await picture() })"
        result = await tab.run(f"(async () => {asked})()")
        assert result["face_count"] == 1


async def publish(tab: Tab, watch: Watch) -> Any:
    await tab.run(CLIENT)
    await tab.run(f"publish({json.dumps(watch.session_id)})")
    await watch.event("live")
