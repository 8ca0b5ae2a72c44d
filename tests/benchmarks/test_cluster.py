from argusd.benchmarks.cluster import PLACEMENTS_PER_S, compare


async def test_every_session_is_placed_at_a_living_host_and_they_are_spread() -> None:
    result = await compare(1.0, (3,))
    assert result.served == PLACEMENTS_PER_S
    assert result.failures == []
    (row,) = result.tables[0].rows
    hosts, *_, spread, died = row
    assert (hosts, died) == ("3", 1)
    assert spread in (0, 1, 2)
