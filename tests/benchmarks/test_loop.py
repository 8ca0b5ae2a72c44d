import pytest

from argusd.benchmarks.loop import absorb_cost, decode_cost
from argusd.benchmarks.rigs.instant import Loop
from argusd.benchmarks.rigs.outputs import decodings
from argusd.scheduler.contract.roles import FACE_MESH


@pytest.mark.parametrize("model", decodings())
def test_what_is_decoded_is_what_was_put_in(model: str) -> None:
    assert decode_cost(decodings()[model], batch=3, repeats=1) > 0


async def test_the_loop_serves_every_session_at_its_rates() -> None:
    cost = await Loop(sessions=4).run(seconds=1.0)
    assert cost.rows == pytest.approx(4 * (10 + 10 + 5 + 31.25), rel=0.1)
    assert min(cost.tick_us, cost.job_us, cost.absorb_us) > 0


def test_an_analyzer_s_own_cost_is_that_of_telling_something() -> None:
    assert absorb_cost("face", FACE_MESH, many=20) > 0
