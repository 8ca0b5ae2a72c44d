"""What all hosts tell together."""

import asyncio

import msgspec
from aiohttp import web

from argusd.scheduler.contract.errors import HostUnreachable
from argusd.scheduler.contract.sessions import SessionList

from .beats import Host
from .door import Door
from .relay import RELAYED

ANSWER_S = 3.0


async def everywhere(door: Door | None, request: web.Request, here: SessionList) -> SessionList:
    """The sessions of this host, and of all others unless one of those asks."""
    if door is None or RELAYED in request.headers:
        return here
    others = [host for host in await door.hosts.living() if host.host_id != door.host_id]
    told = await asyncio.gather(*(ask(door, request, host) for host in others))
    lists = [here, *(each for each in told if each is not None)]
    room = [each.fits_more for each in lists if each.fits_more is not None]
    return SessionList(
        [session for each in lists for session in each.sessions],
        sum(room) if room else None,
        [host.host_id for host, each in zip(others, told, strict=True) if each is None],
    )


async def ask(door: Door, request: web.Request, host: Host) -> SessionList | None:
    """What another host tells the same bearer; None if it does not."""
    try:
        answer = await door.relay.pass_on(host, request, b"", ANSWER_S)
        assert isinstance(answer.body, bytes)
        return msgspec.json.decode(answer.body, type=SessionList) if answer.status == 200 else None
    except (HostUnreachable, msgspec.MsgspecError):
        return None
