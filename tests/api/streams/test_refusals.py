"""What pages, which see no status of a handshake, are told instead."""

from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType

from argusd.api.config import Token

from ..fixtures import running_rig

PAGE = {"Origin": "https://app.example"}
TOKENS = (Token("camera", "mine-", scopes=("publish",)), Token("monitor", scopes=("watch",)))


@pytest.mark.parametrize(
    ("protocols", "path", "code"),
    [
        ([], "/ml/stream/mine-1/face", "unauthorized"),
        (["argusd", "argusd.bearer.guess"], "/ml/stream/mine-1/face", "unauthorized"),
        (["argusd", "argusd.bearer.camera"], "/ml/stream/mine-1/face?ticket=guess", "unauthorized"),
        (["argusd", "argusd.bearer.monitor"], "/ml/stream/mine-1/face", "insufficient_scope"),
        (["argusd", "argusd.bearer.camera"], "/ml/stream/yours-1/face", "forbidden"),
    ],
)
async def test_a_page_reads_why_its_websocket_is_refused(
    tmp_path: Path, protocols: list[str], path: str, code: str
) -> None:
    async with (
        running_rig(tmp_path, tokens=TOKENS) as rig,
        rig.api.http.ws_connect(path, headers=PAGE, protocols=protocols) as socket,
    ):
        told = await socket.receive_json()
        assert (told["success"], told["error_code"]) == (False, code)
        closed = await socket.receive()
        assert closed.type is WSMsgType.CLOSE
        assert (closed.data, closed.extra) == (4401 if code == "unauthorized" else 4403, code)


async def test_other_clients_get_the_status(tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=TOKENS) as rig:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await rig.api.http.ws_connect("/ml/stream/mine-1/face")
        assert refused.value.status == 401


async def test_a_page_that_may_not_read_answers_gets_no_websocket_either(tmp_path: Path) -> None:
    """Without tokens a page from elsewhere shall not even learn that there is a daemon."""
    async with running_rig(tmp_path) as rig:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await rig.api.http.ws_connect("/ml/stream/s1/face", headers=PAGE)
        assert refused.value.status == 403
