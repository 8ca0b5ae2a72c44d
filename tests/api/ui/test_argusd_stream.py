"""The JavaScript client's WebSocket streams: why one is refused, and why one ends."""

from pathlib import Path

import pytest

from argusd.api.config import Token
from argusd.scheduler.contract.errors import Draining

from ..fixtures import Rig, running_rig
from .node import result, running

TOLD = "[error instanceof ArgusdError, error.code, error.status, error.passing, error.message]"
TRIED = f"""
try {{{{
  const stream = await argusd.stream("s1", {{stream}});
  {{then}}
  for await (const answer of stream);
  print("over");
}}}} catch (error) {{{{ print({TOLD}); }}}}
"""
TOKENS = (Token("a camera's", scopes=("publish",)), Token("monitor", scopes=("watch",)))
ODD_RATE = '"audio", { sampleRate: 7 }'


@pytest.mark.parametrize(
    ("stream", "then", "told"),
    [
        (ODD_RATE, "", ["invalid_field", 422, False, "The sample_rate must be a number from 8000 to 48000."]),
        (
            '"audio"',
            'stream.send({ not: "sound" });',
            ["unsupported_media_type", 415, False, "This stream takes binary messages."],
        ),
        (
            '"face"',
            "stream.send(new Uint8Array(9));",
            ["bad_image", 422, False, "The message cannot be used: it is something else, not JPEG."],
        ),
        (
            '"face"',
            "await argusd.deleteSession('s1');",
            ["stream_ended", 410, False, "The session was ended."],
        ),
    ],
)
async def test_an_ended_stream_says_why_as_a_request_does(
    rig: Rig, stream: str, then: str, told: list[object]
) -> None:
    assert await result(rig.api, TRIED.format(stream=stream, then=then)) == [True, *told]


async def test_a_handshake_that_fails_says_why(rig: Rig) -> None:
    """Its client sees no status: to a page it is any closed connection, to Node 20 not even that."""
    told = await result(rig.api, TRIED.format(stream='"smell"', then=""))
    assert told[:4] == [True, "not_found", 404, False]


@pytest.mark.parametrize(
    ("token", "code", "status"), [(None, "unauthorized", 401), ("monitor", "insufficient_scope", 403)]
)
async def test_a_token_that_is_not_good_for_it_is_told(
    tmp_path: Path, token: str | None, code: str, status: int
) -> None:
    async with running_rig(tmp_path, tokens=TOKENS) as rig:
        told = await result(rig.api, TRIED.format(stream='"face"', then=""), token=token)
        assert told[:4] == [True, code, status, False]


async def test_any_token_opens_a_stream(tmp_path: Path) -> None:
    """Also one of ``openssl rand -base64 32``, whose signs no WebSocket may offer as a protocol."""
    async with running_rig(tmp_path, tokens=(Token("c2Vj/mV0+A=="),)) as rig:
        script = TRIED.format(stream='"face"', then="stream.close();")
        assert await result(rig.api, script, token="c2Vj/mV0+A==") == "over"


async def test_a_daemon_that_stops_says_so_and_that_it_passes(rig: Rig) -> None:
    script = TRIED.format(stream='"face"', then='print("open");')
    async with running(rig.api, script) as program:
        assert await program.says() == "open"
        await rig.api.close()
        assert (await program.says())[:4] == [True, Draining.code, 503, True]
    await rig.api.open()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (1006, ["unreachable", 0, True]),
        (1001, ["unreachable", 0, True]),
        (1009, ["body_too_large", 413, False]),
    ],
)
async def test_a_stream_that_ends_without_a_word_is_an_error_too(
    rig: Rig, code: int, told: list[object]
) -> None:
    """1009 often comes as 1006, since the daemon reads no more of what is too large."""
    opened = "globalThis.WebSocket = class { constructor() { setTimeout(() => this.onopen()); } };"
    then = f'stream.socket.onclose({{ code: {code}, reason: "" }});'
    script = opened + TRIED.format(stream='"face"', then=then)
    assert (await result(rig.api, script))[:4] == [True, *told]


async def test_nobody_takes_the_websocket(rig: Rig) -> None:
    nobody = 'argusd.url = "http://127.0.0.1:1";' + TRIED.format(stream='"face"', then="")
    assert (await result(rig.api, nobody))[:4] == [True, "unreachable", 0, True]


async def test_a_stream_that_its_caller_closes_ends_without_an_error(rig: Rig) -> None:
    assert await result(rig.api, TRIED.format(stream='"face"', then="stream.close();")) == "over"
