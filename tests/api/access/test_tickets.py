import pytest
from redis.asyncio import Redis

from argusd.api.access import tickets
from argusd.api.access.tickets import Ticket, Tickets
from argusd.scheduler.contract import redis_keys as keys
from argusd.scheduler.contract.errors import Unauthorized

OFFER = Ticket("POST /whip/s1", "who", ("c",))


async def test_a_ticket_says_at_the_host_it_is_for_what_another_has_signed(redis: Redis) -> None:
    text = await Tickets(redis, "a").sign(OFFER, "b")
    assert await Tickets(redis, "b").read(text, "POST /whip/s1") == OFFER


@pytest.mark.parametrize(
    ("host", "target"), [("a", "POST /whip/s1"), ("b", "POST /whip/s2"), ("b", "DELETE /sessions/s1")]
)
async def test_a_ticket_is_good_at_one_host_for_one_request(redis: Redis, host: str, target: str) -> None:
    text = await Tickets(redis, "a").sign(OFFER, "b")
    with pytest.raises(Unauthorized):
        await Tickets(redis, host).read(text, target)


async def test_a_ticket_expires(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "LIFE_S", -tickets.LEEWAY_S - 1)
    text = await Tickets(redis, "a").sign(OFFER, "b")
    with pytest.raises(Unauthorized):
        await Tickets(redis, "b").read(text, OFFER.target)


async def test_a_ticket_signed_with_another_key_is_none(redis: Redis) -> None:
    text = await Tickets(redis, "a").sign(OFFER, "b")
    await redis.set(keys.TICKET_KEY, 64 * "0")
    with pytest.raises(Unauthorized):
        await Tickets(redis, "b").read(text, OFFER.target)
