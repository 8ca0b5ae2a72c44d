"""``argusd drain`` against a running api."""

from pathlib import Path

import pytest

from argusd.daemon.asking import ask
from argusd.daemon.commands.drain import Left, drained
from argusd.daemon.options import Endpoint
from argusd.interviewer_bridge.errors import Unreachable

from ...api.fixtures import free_port, running_rig


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
    assert said[0] == "1 sessions and 0 tasks are left"
    assert said[-1] == "0 sessions and 0 tasks are left"


async def test_a_daemon_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unreachable, match=url):
        await ask(Endpoint(url, None), "POST", "/drain", Left)
