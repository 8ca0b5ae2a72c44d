import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from argusd.api.access import tickets
from argusd.api.access.tickets import TEXT, Ticket, Tickets
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import StoreUnavailable, Unauthorized

OFFER = Ticket("POST /whip/s1", "who", ("c",))


async def test_a_ticket_says_at_any_host_what_another_has_put_into_it(redis: Redis) -> None:
    text = await Tickets(redis).issue(OFFER)
    assert await Tickets(redis).take(text, "POST /whip/s1") == OFFER


async def test_a_ticket_is_good_once(redis: Redis) -> None:
    text = await Tickets(redis).issue(OFFER)
    await Tickets(redis).take(text, OFFER.target)
    with pytest.raises(Unauthorized, match="was used"):
        await Tickets(redis).take(text, OFFER.target)


@pytest.mark.parametrize("target", ["POST /whip/s2", "DELETE /sessions/s1"])
async def test_a_ticket_is_for_one_request_and_used_up_by_another(redis: Redis, target: str) -> None:
    text = await Tickets(redis).issue(OFFER)
    for tried in (target, OFFER.target):
        with pytest.raises(Unauthorized):
            await Tickets(redis).take(text, tried)


async def test_a_ticket_expires(redis: Redis) -> None:
    text = await Tickets(redis).issue(OFFER)
    assert 0 < await redis.ttl(keys.ticket(text)) <= tickets.LIFE_S
    await redis.expire(keys.ticket(text), 0)
    with pytest.raises(Unauthorized):
        await Tickets(redis).take(text, OFFER.target)


async def test_without_the_store_nobody_knows_of_a_ticket() -> None:
    away = Tickets(Redis(unix_socket_path="/nowhere"))
    with pytest.raises(StoreUnavailable):
        await away.issue(OFFER)
    with pytest.raises(StoreUnavailable):
        await away.take(43 * "A", OFFER.target)


@given(st.text().filter(lambda text: not TEXT.fullmatch(text)))
async def test_what_is_no_ticket_is_never_looked_up(text: str) -> None:
    with pytest.raises(Unauthorized):
        await Tickets(Redis(unix_socket_path="/nowhere")).take(text, OFFER.target)
