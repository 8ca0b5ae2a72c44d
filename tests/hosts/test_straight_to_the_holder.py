"""The client asks one host and goes on at the session's: media, the end of them, and streams."""

import asyncio

from argusd.interviewer_bridge.addresses import Addresses
from argusd.interviewer_bridge.client import stream_path
from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.interviewer_bridge.transport import Transport

from ..waiting import LONGEST_S
from .cluster import TOKEN, Cluster
from .sessions import held_by, holder_of, told, until


async def test_a_publication_ends_at_the_host_that_a_redirect_led_to(cluster: Cluster) -> None:
    holder, door = await cluster.run("ab")
    session_id = await held_by(cluster, holder)
    async with Publisher(door.url, session_id, synthetic(), token=TOKEN) as publisher:
        assert publisher.comes_back, "the daemon says that it is one of several hosts"
        assert await holder_of(cluster, session_id) == holder.name
    async with told(door.url, session_id) as events:
        *_, closed = await until(events, "closed")
    assert closed.data["reason"] == "deleted"  # by the token: the peer's own goodbye comes after that


async def test_a_stream_goes_past_the_host_that_was_asked(cluster: Cluster) -> None:
    holder, door = await cluster.run("ab")
    session_id = await held_by(cluster, holder)
    transport = Transport(Addresses(door.url), TOKEN)
    async with asyncio.timeout(LONGEST_S):
        socket = await transport.connect(stream_path(session_id, "face"))
        assert socket.get_extra_info("peername")[0] == holder.machine.address
        await socket.close()
        await transport.close()
