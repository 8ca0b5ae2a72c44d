import asyncio
from pathlib import Path

import pytest

from argusd.api.config import Token
from argusd.daemon.cli import build_parser, main
from argusd.daemon.errors import UsageInvalid

from ...api.fixtures import RunningApi, make_config


async def test_the_daemon_makes_a_token_of_these_scopes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with RunningApi(make_config(tmp_path, tokens=(Token("service"),))) as api:
        words = ["token", "--url", api.url, "--session", "s1", "--scopes", "watch"]
        monkeypatch.setenv("ARGUSD_TOKEN", "service")
        assert await asyncio.to_thread(main, words) == 0
        token = capsys.readouterr().out.strip()
        page = {"Authorization": f"Bearer {token}"}
        assert (await api.json("GET", "/sessions/s1", headers=page))[1]["error_code"] == "session_not_found"
        monkeypatch.setenv("ARGUSD_TOKEN", token)
        assert await asyncio.to_thread(main, words) == 2
        assert "scope admin" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (["--session", "a/b"], "--session"),
        (["--session", "s1", "--scopes", "admin"], "--scopes"),
        (["--session", "s1", "--expires-in-s", "0"], "--expires-in-s"),
        ([], "--session"),
    ],
)
def test_what_no_token_can_be_for_is_told_before_anybody_is_asked(words: list[str], refused: str) -> None:
    with pytest.raises(UsageInvalid, match=refused):
        build_parser(["token"]).parse_args(["token", *words])
