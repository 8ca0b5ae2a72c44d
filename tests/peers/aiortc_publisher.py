"""An aiortc WHIP publisher, as its documentation has one: ``aiortc_publisher.py ENDPOINT CLIP``.

It plays the clip once, says ``published`` when the answer is taken, ``connected`` when media can flow, and
deletes its resource at the end or at Ctrl-C. A refusal is an error.
"""

import asyncio
import contextlib
import signal
import sys
from urllib.parse import urljoin

import aiohttp
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer


async def publish(endpoint: str, clip: str) -> None:
    """Play the clip once."""
    player = MediaPlayer(clip)
    tracks = [track for track in (player.video, player.audio) if track is not None]
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connected = asyncio.Event()

    @peer.on("connectionstatechange")
    def changed() -> None:
        if peer.connectionState == "connected":
            connected.set()

    for track in tracks:
        peer.addTrack(track)
    await peer.setLocalDescription(await peer.createOffer())
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        headers = {"Content-Type": "application/sdp"}
        async with http.post(endpoint, data=peer.localDescription.sdp, headers=headers) as response:
            resource = urljoin(endpoint, response.headers["Location"])
            answer = RTCSessionDescription(await response.text(), "answer")
        await peer.setRemoteDescription(answer)
        print("published", flush=True)  # noqa: T201
        await connected.wait()
        print("connected", flush=True)  # noqa: T201
        await ended(tracks[0])
        await http.delete(resource)
    await peer.close()


async def ended(track: MediaStreamTrack) -> None:
    """Wait for the clip's end or Ctrl-C."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, over.set)
    track.on("ended", over.set)
    await over.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(publish(*sys.argv[1:]))
