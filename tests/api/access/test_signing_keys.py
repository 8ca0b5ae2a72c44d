import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from argusd.api.access import signing_keys
from argusd.api.access.signing_keys import DAY_S, NAME, SigningKeys
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.access.tokens import LONGEST_TOKEN_S
from argusd.scheduler.contract.errors import StoreUnavailable

NOON = 20_000 * DAY_S + DAY_S // 2


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its last entry is what the keys take for now."""
    now = [float(NOON)]
    monkeypatch.setattr(time, "time", lambda: now[-1])
    return now


@pytest.mark.usefixtures("clock")
async def test_all_hosts_have_the_days_key_in_common(redis: Redis) -> None:
    key = await SigningKeys(redis).newest()
    assert await SigningKeys(redis).newest() == key
    assert await SigningKeys(redis).find(key.name) == key.secret
    assert (key.name, len(key.secret)) == ("20000", 64)


async def test_every_day_has_a_key_of_its_own_and_the_older_one_checks_on(
    redis: Redis, clock: list[float]
) -> None:
    signing = SigningKeys(redis)
    yesterday = await signing.newest()
    clock.append(NOON + DAY_S)
    today = await signing.newest()
    assert today.secret != yesterday.secret
    assert [await signing.find(key.name) for key in (yesterday, today)] == [yesterday.secret, today.secret]


@pytest.mark.usefixtures("clock")
async def test_redis_forgets_a_key_when_its_last_token_is_over(redis: Redis) -> None:
    key = await SigningKeys(redis).newest()
    last_token_s = DAY_S // 2 + LONGEST_TOKEN_S
    left_s = await redis.ttl(keys.signing_key(key.name))
    assert last_token_s <= left_s <= last_token_s + signing_keys.LEEWAY_S


async def test_a_key_that_is_withdrawn_is_followed_by_another(redis: Redis, clock: list[float]) -> None:
    signing = SigningKeys(redis)
    yesterday = await signing.newest()
    clock.append(NOON + DAY_S)
    before = await signing.newest()
    await signing.withdraw()
    assert [await signing.find(key.name) for key in (yesterday, before)] == [None, None]
    after = await signing.newest()
    assert after.name == before.name
    assert after.secret != before.secret


async def test_without_the_store_nobody_knows_a_key() -> None:
    away = SigningKeys(Redis(unix_socket_path="/nowhere"))
    for asked in (away.newest(), away.find("20000"), away.withdraw()):
        with pytest.raises(StoreUnavailable):
            await asked


@given(st.text().filter(lambda text: not NAME.fullmatch(text)))
async def test_what_is_no_name_is_never_looked_up(name: str) -> None:
    assert await SigningKeys(Redis(unix_socket_path="/nowhere")).find(name) is None
