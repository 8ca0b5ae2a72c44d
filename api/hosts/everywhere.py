"""What all hosts tell together."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from aiohttp import web

from argusd.scheduler.contract.errors import HostUnreachable, StoreUnavailable
from argusd.scheduler.contract.sessions import SessionView
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from .beats import Host
from .door import Door
from .relay import RELAYED

ANSWER_S = 3.0

Told = TypeVar("Told")


async def each_once(door: Door | None, views: Iterable[SessionView]) -> list[SessionView]:
    """A view of each session: its holder's, where a host that it has left since shows it as well."""
    found: dict[str, SessionView] = {}
    for view in views:
        if view.session_id not in found or (door is not None and await is_holders(door, view)):
            found[view.session_id] = view
    return list(found.values())


async def is_holders(door: Door, view: SessionView) -> bool:
    """Whether who shows the session holds it, as far as Redis tells."""
    with contextlib.suppress(StoreUnavailable):
        holder = await door.claims.holder(view.session_id)
        return holder is not None and holder.host_id == view.host_id
    return False


def is_asked_by_a_host(request: web.Request) -> bool:
    """Whether another host asks, which puts together what all of them tell."""
    return RELAYED in request.headers


async def others_tell(
    door: Door | None, request: web.Request, kind: type[Told]
) -> tuple[list[Told], list[str] | msgspec.UnsetType]:
    """What each of the other hosts answers to the same request, and which do not.

    Nothing where this host is the only one, or another one asks.
    """
    if door is None or is_asked_by_a_host(request):
        return [], msgspec.UNSET
    others = [host for host in await door.hosts.living() if host.host_id != door.host_id]
    told = await asyncio.gather(*(ask(door, request, host, kind) for host in others))
    missing = [host.host_id for host, each in zip(others, told, strict=True) if each is None]
    return [each for each in told if each is not None], missing


async def ask(door: Door, request: web.Request, host: Host, kind: type[Told]) -> Told | None:
    """What another host tells the same bearer; None if it does not."""
    try:
        answer = await door.relay.pass_on(host, request, b"", ANSWER_S)
        assert isinstance(answer.body, bytes)
        return msgspec.json.decode(answer.body, type=kind) if answer.status == 200 else None
    except (*UNDECODABLE, HostUnreachable):
        return None
