import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.daemon.commands.hosts import listed
from argusd.daemon.options import Endpoint

A = {"host_id": "a", "url": "http://10.0.0.7:8015", "boot": "x", "room": 3, "sessions": 1, "load": 0.25}
B = {**A, "host_id": "b", "room": 0, "load": 1.0, "draining": True}


async def asked(*hosts: object, as_json: bool = False) -> list[str]:
    """What the command prints of a daemon that knows these hosts."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"hosts": hosts})

    app = web.Application()
    app.router.add_get("/hosts", answer)
    async with TestServer(app) as server:
        return await listed(Endpoint(str(server.make_url("")), None), json=as_json)


async def test_each_host_is_a_line() -> None:
    head, *rows = await asked(A, B)
    assert head.split() == ["HOST", "URL", "SESSIONS", "ROOM", "LOAD"]
    assert [row.split() for row in rows] == [
        ["a", "http://10.0.0.7:8015", "1", "3", "0.25"],
        ["b", "http://10.0.0.7:8015", "1", "0", "1.00", "drains"],
    ]


async def test_programs_get_an_object_a_line() -> None:
    assert [json.loads(line)["host_id"] for line in await asked(A, B, as_json=True)] == ["a", "b"]


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_host_that_is_alone_says_so_to_people(as_json: bool) -> None:
    expected = [] if as_json else ["this daemon is alone: cluster.url is not set"]
    assert await asked(as_json=as_json) == expected
