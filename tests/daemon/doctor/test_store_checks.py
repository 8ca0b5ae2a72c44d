"""What ``argusd doctor`` says of Redis, the folders and the secrets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from argusd.api.store.layout import LAYOUT
from argusd.daemon.doctor.store_checks import check_folders, check_redis, check_secrets
from argusd.scheduler.contract import redis_keys as keys

from ...shared_redis import shared_redis
from .test_checks import config


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with shared_redis() as url:
        yield url


def test_the_embedded_redis_needs_its_program(tmp_path: Path) -> None:
    finding = check_redis(config(tmp_path))
    assert (finding.verdict, finding.found) == ("ok", "embedded")


def test_a_redis_that_answers_is_named_with_its_version(tmp_path: Path, url: str) -> None:
    finding = check_redis(config(tmp_path, API__REDIS_URL=url))
    assert finding.verdict == "ok"
    assert finding.found.endswith(f" at {url.removeprefix('redis://')}")


def test_a_redis_that_forgets_what_it_was_given(tmp_path: Path, url: str) -> None:
    with Redis.from_url(url) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            finding = check_redis(config(tmp_path, API__REDIS_URL=url))
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    assert finding.verdict == "warn"
    assert "maxmemory-policy allkeys-lru" in finding.found


def test_a_redis_that_a_later_argusd_uses(tmp_path: Path, url: str) -> None:
    with Redis.from_url(url) as redis:
        redis.set(keys.LAYOUT, LAYOUT + 1)
        try:
            finding = check_redis(config(tmp_path, API__REDIS_URL=url))
        finally:
            redis.delete(keys.LAYOUT)
    assert finding.verdict == "fail"
    assert "a later argusd laid this Redis out" in finding.found
    assert finding.remedy.startswith("upgrade this host")


def test_a_redis_on_which_an_older_argusd_lives(tmp_path: Path, url: str) -> None:
    with Redis.from_url(url) as redis:
        redis.zadd(keys.HOSTS, {"older": 5})
        redis.set(keys.host("older"), "{}")
        try:
            finding = check_redis(config(tmp_path, API__REDIS_URL=url))
        finally:
            redis.delete(keys.HOSTS, keys.host("older"))
    assert (finding.verdict, "older" in finding.found) == ("fail", True)


def test_a_redis_that_wants_another_password(tmp_path: Path, url: str) -> None:
    with Redis.from_url(url) as redis:
        redis.config_set("requirepass", "r1ght")
        try:
            wrong = url.replace("redis://", "redis://:s3cret@")
            finding = check_redis(config(tmp_path, API__REDIS_URL=wrong))
        finally:
            redis.config_set("requirepass", "")
    assert finding.verdict == "fail"
    assert finding.found.endswith(" does not let us in")
    assert "s3cret" not in str(finding)


def test_a_redis_that_is_not_there(tmp_path: Path) -> None:
    finding = check_redis(config(tmp_path, API__REDIS_URL="redis://:s3cret@127.0.0.1:1/0"))
    assert (finding.verdict, finding.found) == ("fail", "no Redis answers at 127.0.0.1:1")


def test_an_option_that_is_not_known(tmp_path: Path) -> None:
    finding = check_redis(config(tmp_path, API__REDIS_URL="redis://:s3cret@127.0.0.1:1/0?nonsense=1"))
    assert (finding.verdict, finding.found) == ("fail", "127.0.0.1:1: an option is not known")


def test_folders_that_are_not_there_yet_can_be_made(tmp_path: Path) -> None:
    assert check_folders(config(tmp_path)).verdict == "ok"


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    finding = check_folders(config(tmp_path))
    assert (finding.verdict, finding.remedy) == ("fail", "choose another state_dir")


def test_a_folder_that_is_somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    finding = check_folders(config(tmp_path))
    assert finding.verdict == "fail"
    assert "may not write into" in finding.found
    assert finding.remedy.startswith("chown ")


def test_a_state_folder_that_others_may_look_into(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    finding = check_folders(config(tmp_path))
    assert (finding.verdict, finding.remedy) == ("warn", f"chmod 700 {tmp_path / 'state'}")


@pytest.mark.parametrize(("content", "verdict"), [("t0ken", "ok"), ("", "fail")])
def test_a_secret_that_stands_in_a_file(content: str, verdict: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(content)
    finding = check_secrets(config(tmp_path, API__TOKENS=f'[{{secret_file = "{file}"}}]'))
    assert finding.verdict == verdict
    assert "t0ken" not in str(finding)


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        ("API__WEBHOOKS", '[{{name = "exams", url = "https://exams.example", secret_file = "{file}"}}]'),
        ("API__JWT", '{{issuer = "i", audience = "a", algorithm = "ES256", key_file = "{file}"}}'),
    ],
)
def test_a_file_that_holds_something_else_than_the_secret(
    section: str, settings: str, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret")
    finding = check_secrets(config(tmp_path, **{section: settings.format(file=file)}))
    assert finding.verdict == "fail"
    assert "s3cret" not in str(finding)
