from pathlib import Path
from typing import Literal, get_args

import pytest
from redis.asyncio import Redis

from argusd.api.access.auth import REFUSED_ORIGINS, Access
from argusd.api.access.session_tokens import SessionTokens
from argusd.api.access.signing_keys import SigningKeys
from argusd.api.access.stamps import Stamps
from argusd.api.config import ApiConfig, Scope, Token
from argusd.api.errors import InsecureBind, SecretUnreadable
from argusd.scheduler.contract.errors import (
    Forbidden,
    InsufficientScope,
    OriginRefused,
    RateLimited,
    Unauthorized,
)

from ..fixtures import RunningApi, make_config, running_rig


def config(**changes: object) -> ApiConfig:
    return make_config(Path("/nowhere"), **changes)


def access_of(config: ApiConfig) -> Access:
    """Without a store: no session's token is shown here."""
    return Access(config, SessionTokens(SigningKeys(Redis()), Stamps(Redis()), None))


TOKENS = (Token("everything"), Token("only-kyc", "kyc-"))


@pytest.mark.parametrize("token", [None, "", "wrong", "everythin\u00e9", "a.b.c"])
async def test_no_or_a_wrong_token_is_unauthorized(token: str | None) -> None:
    with pytest.raises(Unauthorized):
        await access_of(config(tokens=TOKENS)).grant_of(token)


async def test_a_token_reaches_its_own_sessions_only() -> None:
    access = access_of(config(tokens=TOKENS))
    everything, kyc = await access.grant_of("everything"), await access.grant_of("only-kyc")
    for session_id in ("s1", "kyc-1", None):
        everything.check_session(session_id)
    kyc.check_session("kyc-1")
    for session_id in ("s1", None, "KYC-1"):
        with pytest.raises(Forbidden):
            kyc.check_session(session_id)


@pytest.mark.parametrize("name", ["watch", "read"])
async def test_a_token_is_for_its_own_scopes_only(name: Literal["watch", "read"]) -> None:
    """``read`` is what ``watch`` was called before."""
    grant = await access_of(config(tokens=(Token("monitor", scopes=(name,)),))).grant_of("monitor")
    grant.check_scope("watch")
    with pytest.raises(InsufficientScope, match="lacks the scope publish"):
        grant.check_scope("publish")


async def test_without_tokens_everybody_on_this_host_may_do_everything() -> None:
    grant = await access_of(config()).grant_of(None)
    for scope in get_args(Scope):
        grant.check_scope(scope)
    grant.check_session(None)
    assert grant.principal == ""


async def test_each_token_is_limited_by_itself() -> None:
    tokens = (Token("quick", requests_per_minute=6000), Token("slow"))
    access = access_of(config(tokens=tokens, requests_per_minute=2))
    quick, slow = await access.grant_of("quick"), await access.grant_of("slow")
    slow.check_rate()
    with pytest.raises(RateLimited):
        slow.check_rate()
    for _ in range(100):
        quick.check_rate()


async def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    access = access_of(config(tokens=(Token(secret_file=tmp_path / "secret"),)))
    assert (await access.grant_of("s3cret")).principal != ""


@pytest.mark.parametrize(
    ("token", "complaint"),
    [
        (Token(), "either secret or secret_file"),
        (Token("both", secret_file=Path("/dev/null")), "either secret or secret_file"),
        (
            Token(secret_file=Path("/nowhere/secret")),
            "cannot read /nowhere/secret: no such file or directory",
        ),
        (Token(secret_file=Path("/dev/null")), "/dev/null is empty"),
        (Token(secret_file=Path("a\0b")), "its name is no file's"),
        (Token("two\nlines"), "a secret must be one line of printable characters"),
        (Token(" framed "), "a secret must be one line of printable characters, without white space around"),
    ],
)
def test_a_token_without_its_secret_keeps_the_api_from_starting(token: Token, complaint: str) -> None:
    with pytest.raises(SecretUnreadable, match=complaint):
        access_of(config(tokens=(token,)))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"s\xe9cret", "it is no text in UTF-8"),
        (b"one\nanother", "must be one line of printable characters"),
        (b"se\0cret", "must be one line of printable characters"),
        (b"\x1b[31msecret", "must be one line of printable characters"),
        (b" \n\t", "is empty"),
    ],
)
def test_a_file_that_holds_no_token_is_named_and_not_shown(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    (tmp_path / "token").write_bytes(content)
    with pytest.raises(
        SecretUnreadable, match=rf"^api\.tokens: .*{tmp_path}/token.* ?{complaint}"
    ) as refused:
        access_of(config(tokens=(Token(secret_file=tmp_path / "token"),)))
    assert "cret" not in str(refused.value).replace(str(tmp_path), "")


@pytest.mark.parametrize("content", ["\ufeffs3cret", "s3cret\r\n"])
def test_what_editors_add_is_no_part_of_a_token(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    assert Token(secret_file=tmp_path / "token").read() == "s3cret"


def test_a_tokens_secret_is_not_shown() -> None:
    assert "s3cret" not in repr(Token("s3cret"))


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
    access = access_of(config(allowed_origins=("https://app.example",)))
    if fine:
        access.check_origin(origin, host)
    else:
        with pytest.raises(OriginRefused):
            access.check_origin(origin, host)


def test_a_refused_page_is_told_the_setting_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    access = access_of(config())
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
    access = access_of(config())
    for number in [*range(REFUSED_ORIGINS + 1), 0]:
        with pytest.raises(OriginRefused):
            access.check_origin(f"https://{number}.example", "localhost")
    assert len(caplog.records) == REFUSED_ORIGINS + 2


def test_a_name_that_is_not_this_hosts_is_told_the_setting(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(OriginRefused, match=r"api\.tokens"):
        access_of(config()).check_origin(None, "rebound.example:8015")
    assert "rebound.example:8015" in caplog.text


def test_with_tokens_any_page_may_try() -> None:
    page, host = "https://evil.example", "daemon.example"
    with pytest.raises(OriginRefused):
        access_of(config()).check_origin(page, host)
    access_of(config(tokens=TOKENS)).check_origin(page, host)


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


ROLES = (
    Token("camera", scopes=("publish",)),
    Token("service", scopes=("infer",)),
    Token("monitor", scopes=("watch",)),
    Token("owner", scopes=("admin",)),
)
REQUESTS = {
    "camera": ("POST", "/whip/s1"),
    "service": ("POST", "/ml/infer"),
    "monitor": ("GET", "/sessions"),
    "owner": ("PUT", "/sessions/s1"),
}


async def test_each_scope_opens_its_own_paths_and_no_others(tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=ROLES) as rig:
        for secret, bearer in ((role.secret, {"Authorization": f"Bearer {role.secret}"}) for role in ROLES):
            for for_whom, (method, path) in REQUESTS.items():
                async with rig.api.http.request(method, path, headers=bearer) as response:
                    refused = response.headers.get("WWW-Authenticate") == 'Bearer error="insufficient_scope"'
                    assert refused == (response.status == 403) == (for_whom != secret), (secret, path)
        async with rig.api.http.get("/sessions", headers={"Authorization": "Bearer wrong"}) as response:
            assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_that_is_used_too_often_is_told_when_to_try_again(tmp_path: Path) -> None:
    async with running_rig(tmp_path, tokens=(Token("slow", requests_per_minute=2),)) as rig:
        bearer = {"Authorization": "Bearer slow"}
        assert (await rig.api.json("GET", "/sessions", headers=bearer))[0] == 200
        async with rig.api.http.get("/sessions", headers=bearer) as response:
            assert (response.status, (await response.json())["error_code"]) == (429, "rate_limited")
            assert int(response.headers["Retry-After"]) > 0
        async with rig.api.http.get("/health") as response:
            assert response.status == 200
