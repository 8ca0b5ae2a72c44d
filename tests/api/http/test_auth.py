from pathlib import Path

import pytest

from argusd.api.config import ApiConfig, Token
from argusd.api.errors import InsecureBind
from argusd.api.http.auth import REFUSED_ORIGINS, Access, check_bind, is_loopback
from argusd.scheduler.contract.errors import Forbidden, OriginRefused, Unauthorized

from ..fixtures import RunningApi, make_config, running_rig


def config(**changes: object) -> ApiConfig:
    return make_config(Path("/nowhere"), **changes)


TOKENS = (Token("everything"), Token("only-kyc", "kyc-"))


@pytest.mark.parametrize(
    ("host", "tokens", "fine"),
    [
        ("127.0.0.1", (), True),
        ("::1", (), True),
        ("localhost", (), True),
        ("0.0.0.0", (), False),
        ("::", (), False),
        ("192.0.2.1", (), False),
        ("argusd.example", (), False),
        ("0.0.0.0", TOKENS, True),
        ("127.0.0.1", (Token(""),), False),
    ],
)
def test_an_address_others_can_reach_needs_a_token(host: str, tokens: tuple[Token, ...], fine: bool) -> None:
    if fine:
        check_bind(config(host=host, tokens=tokens))
    else:
        with pytest.raises(InsecureBind):
            check_bind(config(host=host, tokens=tokens))


def test_loopback_is_told_by_name_and_address() -> None:
    assert [is_loopback(host) for host in ("127.8.9.1", "[::1]", "localhost")] == [True] * 3
    assert [is_loopback(host) for host in ("10.0.0.1", "localhost.example", "", "0.0.0.0")] == [False] * 4


@pytest.mark.parametrize(
    "header", [None, "", "everything", "Bearer", "Bearer wrong", "Basic everything", "Bearer everythin\u00e9"]
)
def test_no_or_a_wrong_token_is_unauthorized(header: str | None) -> None:
    with pytest.raises(Unauthorized):
        Access(config(tokens=TOKENS)).check_token(header, "s1")


def test_a_token_reaches_its_own_sessions_only() -> None:
    access = Access(config(tokens=TOKENS))
    for session_id in ("s1", "kyc-1", None):
        access.check_token("Bearer everything", session_id)
    access.check_token("bearer only-kyc", "kyc-1")
    for session_id in ("s1", None, "KYC-1"):
        with pytest.raises(Forbidden):
            access.check_token("Bearer only-kyc", session_id)


@pytest.mark.parametrize(
    ("origin", "host", "fine"),
    [
        (None, "127.0.0.1:8015", True),
        (None, "localhost", True),
        (None, "[::1]:8015", True),
        ("http://localhost:3000", "localhost:8015", True),
        ("https://app.example", "localhost:8015", True),
        ("https://evil.example", "localhost:8015", False),
        ("null", "localhost:8015", False),
        ("http://[", "localhost:8015", False),
        ("", "localhost:8015", False),
        (None, "[::1", False),
        (None, "rebound.example:8015", False),
    ],
)
def test_without_a_token_only_this_hosts_pages_come_in(origin: str | None, host: str, fine: bool) -> None:
    access = Access(config(allowed_origins=("https://app.example",)))
    if fine:
        access.check_origin(origin, host)
    else:
        with pytest.raises(OriginRefused):
            access.check_origin(origin, host)


def test_a_refused_page_is_told_the_setting_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    access = Access(config())
    for origin in ("https://app.example", "https://app.example", "null", f"https://{'x' * 500}\t.example"):
        with pytest.raises(OriginRefused, match=r"api\.allowed_origins names those that may\.$"):
            access.check_origin(origin, "localhost")
    logged = [record.getMessage() for record in caplog.records]
    assert [line[:39] for line in logged] == [
        "refused the Origin https://app.example,",
        "refused the Origin null, which api.allo",
        "refused the Origin https://xxxxxxxxxxxx",
    ]
    assert all(line.isprintable() and len(line) < 150 for line in logged)


def test_refused_pages_are_remembered_within_bounds(caplog: pytest.LogCaptureFixture) -> None:
    access = Access(config())
    for number in [*range(REFUSED_ORIGINS + 1), 0]:
        with pytest.raises(OriginRefused):
            access.check_origin(f"https://{number}.example", "localhost")
    assert len(caplog.records) == REFUSED_ORIGINS + 2


def test_a_name_that_is_not_this_hosts_is_told_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(OriginRefused, match=r"api\.tokens"):
        Access(config()).check_origin(None, "rebound.example:8015")
    assert "rebound.example:8015" in caplog.text


def test_with_tokens_any_page_may_try() -> None:
    page, host = "https://evil.example", "daemon.example"
    with pytest.raises(OriginRefused):
        Access(config()).check_origin(page, host)
    Access(config(tokens=TOKENS)).check_origin(page, host)


async def test_every_path_but_the_public_ones_asks_for_the_token(tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=TOKENS) as rig:
        for path in ("/", "/ui/style.css", "/health", "/openapi.json"):
            async with rig.api.http.get(path) as response:
                assert response.status == 200
        for path in ("/sessions", "/sessions/s1", "/sessions/s1/events", "/events", "/metrics", "/whip/s1"):
            async with rig.api.http.get(path) as response:
                assert response.status == 401
                assert response.headers["WWW-Authenticate"] == "Bearer"
                assert (await response.json())["error_code"] == "unauthorized"
        kyc = {"Authorization": "Bearer only-kyc"}
        assert (await rig.api.json("PUT", "/sessions/kyc-1", headers=kyc))[0] == 201
        assert (await rig.api.json("PUT", "/sessions/s1", headers=kyc))[1]["error_code"] == "forbidden"
        assert (await rig.api.json("GET", "/sessions", headers=kyc))[0] == 403


async def test_a_page_from_elsewhere_is_refused_over_http(tmp_path: Path) -> None:
    async with RunningApi(make_config(tmp_path)) as api:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "rebound.example"}):
            async with api.http.put("/sessions/s1", headers=headers) as response:
                assert (response.status, (await response.json())["error_code"]) == (403, "origin_refused")
                assert "Access-Control-Allow-Origin" not in response.headers
        async with api.http.get("/sessions", headers={"Origin": "http://localhost:1"}) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "http://localhost:1"


async def test_an_insecure_address_keeps_the_api_from_starting(tmp_path: Path) -> None:
    with pytest.raises(InsecureBind):
        await RunningApi(make_config(tmp_path, host="0.0.0.0")).open()
