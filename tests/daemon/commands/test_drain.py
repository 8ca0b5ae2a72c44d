"""``argusd drain`` against a running api."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from argusd.api.config import ClusterConfig
from argusd.daemon.asking import ask
from argusd.daemon.cli import main
from argusd.daemon.commands.drain import Left, drained, host_endpoint
from argusd.daemon.errors import UnknownHost
from argusd.daemon.options import Endpoint
from argusd.interviewer_bridge.errors import Unreachable

from ...api.fixtures import running_rig
from ...ports import free_port
from ...shared_redis import shared_redis


async def test_it_waits_until_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running_rig(tmp_path) as rig:
        daemon = Endpoint(rig.api.url, None)
        await rig.api.publish("s1")
        assert await drained(daemon, 0.0) == Left(1, 0), "the time was up"
        resource = rig.worker.opened[0].session_id
        rig.worker.end(resource, "client")
        assert await drained(daemon, 60.0) == Left(0, 0)
        assert await ask(daemon, "DELETE", "/drain", Left) == Left(0, 0)
        assert (await rig.api.json("GET", "/ready"))[0] == 200
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "sessions left: 1, tasks left: 0"
    assert said[-1] == "sessions left: 0, tasks left: 0"


async def test_a_daemon_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unreachable, match=url):
        await ask(Endpoint(url, None), "POST", "/drain", Left)


async def test_another_host_is_drained_where_its_own_api_is(tmp_path: Path) -> None:
    cluster = ClusterConfig(url="http://10.0.0.1:8015", host_id="frankfurt-1")
    with shared_redis() as redis:
        async with running_rig(tmp_path, cluster=cluster, redis_url=redis) as rig:
            here = Endpoint(rig.api.url, "s3cret")
            assert await host_endpoint(here, "frankfurt-1") == Endpoint("http://10.0.0.1:8015", "s3cret")
            with pytest.raises(UnknownHost, match=r"no host frankfurt-2; did you mean frankfurt-1\?"):
                await host_endpoint(here, "frankfurt-2")


async def test_a_host_that_is_gone_meanwhile_is_not_awaited() -> None:
    """Nobody would tell of its end, and what lived there is the others' business."""
    there: list[dict[str, str]] = []

    async def hosts(_: web.Request) -> web.Response:
        return web.json_response({"hosts": there})

    async def drain(request: web.Request) -> web.Response:
        if there:
            there.clear()
            return web.json_response({"sessions": 1, "tasks": 0})
        assert request.transport, "its caller waits"
        request.transport.abort()
        return web.Response()

    app = web.Application()
    app.router.add_get("/hosts", hosts)
    app.router.add_post("/drain", drain)
    async with TestServer(app) as server:
        url = str(server.make_url(""))
        there.append({"host_id": "frankfurt-1", "url": url})
        with pytest.raises(UnknownHost, match="no host frankfurt-1"):
            await drained(Endpoint(url, None), 60.0, "frankfurt-1")


def test_another_host_is_not_ended_from_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drain", "frankfurt-1", "--exit"]) == 2
    assert "--exit ends the daemon that runs here" in capsys.readouterr().err
