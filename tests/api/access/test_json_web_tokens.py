"""Tokens that another service issues, made by the library as that service would make them."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from argusd.api.access.exposure import check_bind
from argusd.api.access.grants import Grant
from argusd.api.access.json_web_tokens import JsonWebTokens
from argusd.api.config import JwtConfig
from argusd.api.errors import InsecureBind, SecretUnreadable
from argusd.scheduler.contract.errors import InsufficientScope, Unauthorized

from ..fixtures import make_config, running_rig

ISSUER, AUDIENCE = "https://login.example", "argusd"
SECRET = "an HMAC secret of at least 32 bytes"
EC, OTHER_EC = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
RSA, EDDSA = rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()
Open = Callable[..., JsonWebTokens]


def pem(key: Any) -> str:
    public: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def private(key: Any) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text.decode()


def token(key: Any = EC, algorithm: str = "ES256", *, kid: str | None = None, **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": time.time() + 86_400,
        "sub": "service",
        "scope": "watch infer",
    }
    named = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(named, key, algorithm, headers={"kid": kid} if kid else None)


@pytest.fixture
def access(tmp_path: Path) -> Open:
    def opened(text: str = pem(EC), algorithm: Any = "ES256") -> JsonWebTokens:
        (tmp_path / "key").write_text(text)
        described = JwtConfig(
            issuer=ISSUER, audience=AUDIENCE, algorithm=algorithm, key_file=tmp_path / "key"
        )
        return JsonWebTokens(described, None)

    return opened


def grant(access: JsonWebTokens, text: str) -> Grant:
    return access.grant_of(text)


@pytest.mark.parametrize(
    ("key", "algorithm", "file"),
    [
        (EC, "ES256", pem(EC)),
        (RSA, "RS256", pem(RSA)),
        (EDDSA, "EdDSA", pem(EDDSA)),
        (SECRET, "HS256", SECRET),
    ],
)
def test_a_token_that_its_issuer_signed_is_good(access: Open, key: Any, algorithm: str, file: str) -> None:
    found = grant(access(file, algorithm), token(key, algorithm))
    assert found.scopes == {"watch", "infer"}
    with pytest.raises(InsufficientScope):
        found.check_scope("publish")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (token(OTHER_EC), "not valid here"),
        (token(exp=time.time() - 60), "has expired"),
        (token(exp=None), "lacks one of the claims exp, iss, aud"),
        (token(nbf=time.time() + 80_000), "not valid yet"),
        (token(aud="others"), "for another audience"),
        (token(aud=None), "lacks one of the claims"),
        (token(iss="https://evil.example"), "comes from another issuer"),
        (token(scope=["watch"]), "claim scope must be text"),
        (token(session_id=7), "claim session_id must be 1 to 128 letters"),
        (token(session_id="a\nb"), "claim session_id must be"),
        (token(session_prefix="kyc/"), "claim session_prefix must be"),
        (token(sub="a\x00b"), "claim sub must be up to 1024 characters, none of them a control character"),
        (token(sub="a\udcff"), "claim sub must be"),
        (token(None, "none"), "not valid here"),
        (token(SECRET, "HS256"), "not valid here"),
        (token(RSA, "RS256"), "not valid here"),
        (token()[:-8], "not valid here"),
        ("a.b.c", "not valid here"),
        ("a.b.\udcff", "not valid here"),  # a header's byte that is no text
        ("", "not valid here"),
    ],
)
def test_a_token_that_is_not_good_says_in_which_way(access: Open, text: str, sentence: str) -> None:
    with pytest.raises(Unauthorized, match=sentence):
        grant(access(), text)


def test_a_public_key_is_no_hmac_secret(access: Open) -> None:
    with pytest.raises(SecretUnreadable):
        access(pem(EC), "HS256")


def test_a_token_may_be_bound_to_sessions(access: Open) -> None:
    opened = access()
    assert grant(opened, token(session_id="s1")).session_id == "s1"
    assert grant(opened, token(session_prefix="kyc-")).session_prefix == "kyc-"


def test_a_subject_stays_the_same_with_every_new_token(access: Open) -> None:
    opened = access()
    assert grant(opened, token()).principal == grant(opened, token(exp=time.time() + 99_999)).principal
    assert grant(opened, token()).principal != grant(opened, token(sub="another")).principal


def test_each_of_several_keys_is_for_the_tokens_that_name_it(access: Open) -> None:
    keys = [{"kid": "old", **jwk(EC)}, {"kid": "new", **jwk(OTHER_EC)}]
    opened = access(json.dumps({"keys": keys}))
    assert grant(opened, token(EC, kid="old")).scopes == grant(opened, token(OTHER_EC, kid="new")).scopes
    for wrong in (token(EC, kid="new"), token(EC, kid="unknown"), token(EC)):
        with pytest.raises(Unauthorized):
            grant(opened, wrong)


@pytest.mark.parametrize(
    ("file", "algorithm"),
    [
        ("no key", "ES256"),
        ("short", "HS256"),
        (f"{SECRET}\n{SECRET}", "HS256"),
        (f"{SECRET}\0", "HS256"),
        ('{"keys": [{"kty": "oct", "k": "c2hvcnQ", "alg": "HS256"}]}', "HS256"),
        ("{}", "ES256"),
        ('{"keys": []}', "ES256"),
        ('{"keys": ' + 5000 * "[", "ES256"),
        ("", "RS256"),
        *((private(key), algorithm) for key, algorithm in ((RSA, "RS256"), (EC, "ES256"), (EDDSA, "EdDSA"))),
    ],
)
def test_a_file_without_a_key_keeps_the_api_from_starting(access: Open, file: str, algorithm: str) -> None:
    with pytest.raises(SecretUnreadable, match=r"^api\.jwt\.key_file: "):
        access(file, algorithm)


def test_an_issuer_protects_an_address_that_others_can_reach(tmp_path: Path) -> None:
    described = JwtConfig(issuer=ISSUER, audience=AUDIENCE, algorithm="ES256", key_file=tmp_path / "key")
    check_bind(make_config(tmp_path, host="0.0.0.0", jwt=described))
    with pytest.raises(InsecureBind):
        check_bind(make_config(tmp_path, host="0.0.0.0"))


async def test_a_bound_token_reaches_its_session_over_http(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(pem(EC))
    described = JwtConfig(issuer=ISSUER, audience=AUDIENCE, algorithm="ES256", key_file=tmp_path / "key")
    async with running_rig(tmp_path, jwt=described) as rig:
        bearer = {"Authorization": f"Bearer {token(session_id='s1', scope='admin watch')}"}
        assert (await rig.api.json("PUT", "/sessions/s1", headers=bearer))[0] == 201
        assert (await rig.api.json("GET", "/sessions/s1", headers=bearer))[0] == 200
        assert (await rig.api.json("GET", "/sessions/s2", headers=bearer))[1]["error_code"] == "forbidden"
        assert (await rig.api.json("GET", "/sessions", headers=bearer))[0] == 403
        expired = {"Authorization": f"Bearer {token(exp=1)}"}
        async with rig.api.http.get("/sessions/s1", headers=expired) as response:
            assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
            assert (await response.json())["error"] == "This token has expired."


def jwk(key: Any) -> dict[str, Any]:
    described: dict[str, Any] = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return described
