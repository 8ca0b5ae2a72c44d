from pathlib import Path

import pytest

from argusd.api.config import Token
from argusd.daemon.cli import build_parser
from argusd.daemon.commands.token import made_token
from argusd.daemon.errors import UsageInvalid
from argusd.daemon.options import Endpoint
from argusd.interviewer_bridge import OrchestratorError

from ...api.fixtures import RunningApi, make_config


async def test_the_daemon_makes_a_token_of_these_scopes(tmp_path: Path) -> None:
    async with RunningApi(make_config(tmp_path, tokens=(Token("service"),))) as api:
        made = await made_token(Endpoint(api.url, "service"), "s1", ["watch"], 60)
        page = {"Authorization": f"Bearer {made.token}"}
        assert (await api.json("GET", "/sessions/s1", headers=page))[1]["error_code"] == "session_not_found"
        with pytest.raises(OrchestratorError, match="scope admin"):
            await made_token(Endpoint(api.url, made.token), "s1", ["watch"], 60)


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
