from argusd.benchmarks.cluster import PLACEMENTS_PER_S, compare

ROUNDS = 2


async def test_offers_are_answered_each_way_and_every_session_is_placed_at_a_living_host_evenly() -> None:
    result = await compare(1.0, (3,), ROUNDS)
    assert result.served == 3 * ROUNDS + PLACEMENTS_PER_S
    assert result.failures == []
    assert result.metrics["offer_relayed_p50"].baseline == result.metrics["offer_direct_p50"].value
    (row,) = result.tables[0].rows
    hosts, *_, spread, died = row
    assert (hosts, died) == ("3", 1)
    assert spread in (0, 1, 2)
